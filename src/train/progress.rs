//! The interface between long work and its caller.

use crate::model::card::Work;

/// Reports progress to the caller of long work and passes on its cancellation. Called from any worker thread.
pub trait Progress: Sync {
    /// What the work will take and what its budget leaves out; said before it begins.
    fn plan(&self, _work: &Work) {}
    /// `steps` steps are ahead.
    fn begin(&self, steps: usize);
    /// One step is done; `what` names it.
    fn advance(&self, what: &str);
    /// Some folds are done: all of the work is expected to take `times` as long as the work so far.
    fn forecast(&self, _times: f64) {}
    /// All fitting is done; after this call the caller may write files.
    fn fitted(&self) {}
    fn stopped(&self) -> bool;
}

/// Ignores all reports and never cancels.
#[derive(Debug)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn begin(&self, _: usize) {}
    fn advance(&self, _: &str) {}
    fn stopped(&self) -> bool {
        false
    }
}
