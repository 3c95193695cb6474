//! What long work and its caller say to each other.

/// What long work tells its caller, and what the caller tells it. Called from any of the worker threads.
pub trait Progress: Sync {
    /// So many steps are ahead.
    fn begin(&self, steps: usize);
    /// One of them is done.
    fn advance(&self, what: &str);
    /// The first fold is done: all of the work takes about `times` as long as it did up to now.
    fn forecast(&self, _times: f64) {}
    /// Nothing is left to fit; from here on something may be written.
    fn fitted(&self) {}
    fn stopped(&self) -> bool;
}

/// Nobody watches and nobody stops it.
#[derive(Debug)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn begin(&self, _: usize) {}
    fn advance(&self, _: &str) {}
    fn stopped(&self) -> bool {
        false
    }
}
