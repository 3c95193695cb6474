//! Ctrl-C during long work: asks it to stop; a second one ends the process at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::out::errln;
use crate::telemetry::{logging, stderr};

/// How long work may take to notice that it is to stop, before the process ends without waiting for it: a fit of a library
/// cannot be interrupted.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether the process may end at any moment, because nothing is being written. Clones share it.
#[derive(Clone, Debug)]
pub struct Leave(Arc<Mutex<bool>>);

impl Leave {
    /// From here on something is written: the process must not end in the midst of it.
    pub fn forbid(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }

    /// Ends the process, if it may.
    fn now(&self) {
        let may = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *may {
            errln!("error: stopped; nothing was written");
            logging::finish();
            std::process::exit(super::exit::Exit::Interrupted as i32); // still under the lock: nobody begins to write
        }
    }
}

/// A flag that Ctrl-C or a termination signal raises.
///
/// # Errors
/// When signals cannot be listened to.
pub fn flag() -> anyhow::Result<Arc<AtomicBool>> {
    listen(|| ())
}

/// The same for work that does not look at the flag often: the process ends soon after the signal, unless [`Leave::forbid`]
/// came before.
///
/// # Errors
/// When signals cannot be listened to.
pub fn leaving() -> anyhow::Result<(Arc<AtomicBool>, Leave)> {
    let leave = Leave(Arc::new(Mutex::new(true)));
    let last = leave.clone();
    let flag = listen(move || {
        let last = last.clone();
        std::thread::spawn(move || {
            std::thread::sleep(PATIENCE);
            last.now();
        });
    })?;
    Ok((flag, leave))
}

fn listen(on_first: impl Fn() + Send + 'static) -> anyhow::Result<Arc<AtomicBool>> {
    let raised = Arc::new(AtomicBool::new(false));
    let seen = raised.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            runtime.block_on(async {
                use tokio::signal::unix::{SignalKind, signal};
                let listen = || {
                    Ok::<_, std::io::Error>((
                        signal(SignalKind::interrupt())?,
                        signal(SignalKind::terminate())?,
                    ))
                };
                let Ok((mut interrupt, mut terminate)) = listen() else {
                    return; // then the signals keep their default: the process just ends
                };
                loop {
                    tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
                    if seen.swap(true, Ordering::Relaxed) {
                        std::process::exit(super::exit::Exit::Interrupted as i32);
                    }
                    stderr::detach(); // a reader that is stuck must not hold up the end
                    errln!("stopping; once more to end at once");
                    on_first();
                }
            });
        })?;
    Ok(raised)
}
