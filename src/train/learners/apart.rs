//! Runs a library fit that cannot be interrupted in its own thread; a cancelled training abandons that thread.
//!
//! An abandoned fit owns all of its data and has no access to anything else; its result is dropped and never written. The
//! number of abandoned threads is bounded: a new fit waits for earlier ones to end.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::train::learner::FitError;
use crate::train::progress::Progress;

/// Interval at which a waiting training checks for cancellation, well below the 2 s in which it must end.
const CHECK: Duration = Duration::from_millis(50);

/// With this many abandoned fits still running, no new fit starts. Each holds its features in memory until it ends.
const MOST_LEFT: usize = 4;

/// Abandoned threads, whose results are dropped.
struct LeftBehind(Mutex<Vec<JoinHandle<()>>>);

/// The abandoned threads of the whole process: the bound protects the memory of the process.
static LEFT: LeftBehind = LeftBehind(Mutex::new(Vec::new()));

/// Runs `work` and returns its result, or [`FitError::Stopped`] shortly after `progress` reports a cancellation.
pub(super) fn run<T: Send + 'static>(
    progress: &dyn Progress,
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, FitError> {
    run_beside(&LEFT, progress, work)
}

fn run_beside<T: Send + 'static>(
    left: &LeftBehind,
    progress: &dyn Progress,
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, FitError> {
    while left.running() >= MOST_LEFT {
        if progress.stopped() {
            return Err(FitError::Stopped);
        }
        std::thread::park_timeout(CHECK);
    }
    if progress.stopped() {
        return Err(FitError::Stopped);
    }
    let (sender, result) = mpsc::sync_channel(1);
    let fit = std::thread::Builder::new()
        .name("fit".into())
        .spawn(move || {
            // The receiver is gone if the training was cancelled.
            let _ = sender.send(work());
        })
        .map_err(|e| FitError::Failed(format!("the system has no thread left: {e}")))?;
    loop {
        match result.recv_timeout(CHECK) {
            Ok(done) => return done.map_err(FitError::Failed),
            Err(RecvTimeoutError::Timeout) if progress.stopped() => {
                left.add(fit);
                return Err(FitError::Stopped);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => match fit.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => unreachable!("a thread that ends without a panic has sent its result"),
            },
        }
    }
}

impl LeftBehind {
    fn add(&self, fit: JoinHandle<()>) {
        self.lock().push(fit);
    }

    /// Number of abandoned fits that still run.
    fn running(&self) -> usize {
        let mut left = self.lock();
        left.retain(|fit| !fit.is_finished());
        left.len()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;
    use crate::train::Unwatched;
    use crate::train::learners::fixture::StopsAfter;

    #[test]
    fn a_result_a_fault_and_a_panic_come_back() {
        assert_eq!(run(&Unwatched, || Ok(7)), Ok(7));
        let failed: Result<(), FitError> = run(&Unwatched, || Err("singular".into()));
        assert_eq!(failed, Err(FitError::Failed("singular".into())));
        let panicked = std::panic::catch_unwind(|| run::<()>(&Unwatched, || panic!("odd")));
        assert_eq!(*panicked.unwrap_err().downcast::<&str>().unwrap(), "odd");
    }

    /// The work ends only when the test releases it, so a `run_beside` that waited for it would never return.
    #[test]
    fn a_stopped_fit_is_left_and_others_wait_while_too_many_are() {
        let left = LeftBehind(Mutex::default());
        let (release, gate) = mpsc::channel::<()>();
        let gate = Arc::new(Mutex::new(gate));
        for _ in 0..MOST_LEFT {
            let gate = gate.clone();
            let watch = StopsAfter::looks(2);
            let fit = run_beside(&left, &watch, move || {
                let gate = gate.lock().unwrap_or_else(PoisonError::into_inner);
                gate.recv().map_err(|e| e.to_string())
            });
            assert_eq!(fit, Err(FitError::Stopped));
            assert_eq!(
                watch.count(),
                3,
                "two checks that let it go on, and the last"
            );
        }
        assert_eq!(left.running(), MOST_LEFT);
        let begun = Arc::new(AtomicBool::new(false));
        let mark = begun.clone();
        let waits = run_beside(&left, &StopsAfter::looks(2), move || {
            mark.store(true, Ordering::Relaxed);
            Ok(())
        });
        assert_eq!(waits, Err(FitError::Stopped));
        assert!(!begun.load(Ordering::Relaxed));
        drop(release);
        // The fit starts once enough abandoned ones have ended.
        assert_eq!(run_beside(&left, &Unwatched, || Ok(7)), Ok(7));
        assert!(left.running() < MOST_LEFT);
    }
}
