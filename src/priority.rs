//! Thread priorities: threads that answer requests come before background work.

/// Niceness of trainings, the lowest priority there is: at a higher one a training would delay responses by its time slices.
pub const TRAINING: i32 = 19;

/// Niceness of background work other than trainings: it yields to the threads that serve single rows,
/// and comes before trainings.
pub const APART: i32 = 10;

/// Lowers the priority of this thread and of those it starts. On Linux niceness belongs to a thread (`sched(7)`); elsewhere
/// it belongs to the whole process, and is not changed.
pub fn lower(niceness: i32) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(niceness) {
        tracing::warn!(%error, "cannot lower the priority of a background thread; latency may suffer");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = niceness;
}
