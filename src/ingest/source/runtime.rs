//! Runs asynchronous network operations on the caller's thread, because sources are read synchronously.

use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::retry::Failure;
use super::world::World;

/// A tokio runtime that uses only the current thread.
pub(super) fn new() -> Result<Runtime, String> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|e| format!("the system gives no runtime: {e}"))
}

/// Runs `work` to its end; `None` if the load is cancelled first.
pub(super) fn run<T>(
    runtime: &Runtime,
    world: &dyn World,
    work: impl Future<Output = T>,
) -> Option<T> {
    runtime.block_on(async {
        tokio::select! {
            done = work => Some(done),
            () = stopped(world) => None,
        }
    })
}

async fn stopped(world: &dyn World) {
    while !world.stopped() {
        tokio::time::sleep(Duration::from_millis(50)).await; // quicker than a person notices
    }
}

/// Runs `work`, with a timeout that counts as a transient failure.
pub(super) async fn within<T>(time: Duration, work: impl Future<Output = T>) -> Result<T, Failure> {
    let late = |_| Failure::passing(format!("no answer within {} s", time.as_secs_f64()));
    tokio::time::timeout(time, work).await.map_err(late)
}
