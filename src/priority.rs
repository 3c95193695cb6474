//! Priorities of threads: whoever is answered goes first.

/// Of trainings, the lowest there is: one that comes first costs every answer its time slice.
pub const TRAINING: i32 = 19;

/// Of work apart from the threads that serve: single rows are answered beside it, and it goes before trainings.
pub const APART: i32 = 10;

/// Lowers the priority of this thread and of those it starts. On Linux niceness is a thread's own (`sched(7)`); elsewhere it
/// is the process's, and is left alone.
pub fn lower(niceness: i32) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(niceness) {
        tracing::warn!(%error, "a thread keeps its priority; answers may wait for it");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = niceness;
}
