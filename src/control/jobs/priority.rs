//! The priority of the training's threads: whoever is answered meanwhile goes first.

/// Lowers the priority of this thread and of those it starts. On Linux niceness is a thread's own (`sched(7)`); elsewhere it
/// is the process's, and is left alone.
pub(super) fn lower() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::warn!(%error, "the training keeps its priority; answers may wait for it");
    }
}

/// The lowest there is: a training that comes first costs every answer its time slice.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 19;
