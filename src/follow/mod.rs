//! A server that follows another: its champion is the source's, and its predictions are sent to the source's store.
//!
//! * [`Source`]: another server, a place to which one publishes, or a folder of model files with a ledger.
//! * [`Follower`]: the task that takes over promotions of the source.
//! * [`spool`]: sends predictions to the source.
//!
//! A source that cannot be reached, or whose file is damaged, leaves the last good model live.

mod champion;
mod error;
mod files;
mod follower;
pub mod options;
mod source;
pub mod spool;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

pub use error::SourceError;
pub use follower::Follower;
pub use source::Source;

/// How far a follower is behind its source. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct View(Arc<Mutex<State>>);

/// The state of a follower.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// Name of the source; empty until the first look.
    pub source: String,
    /// The `seq` of the source's ledger at the last contact, which may have been in an earlier run.
    pub seq: u64,
    /// The epoch in which this `seq` is valid.
    pub epoch: String,
    /// When the follower last had the source's champion.
    pub current: Option<Timestamp>,
    /// Predictions that wait to be sent.
    pub spooled: usize,
    /// Predictions that could not be sent and were dropped.
    pub dropped: u64,
}

impl View {
    pub fn state(&self) -> State {
        self.lock().clone()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether `seq` is comparable with that of an epoch. The sources that have no epoch cannot be distinguished, so that such
    /// a `seq` is comparable only within one run.
    fn is_of(&self, epoch: &str) -> bool {
        self.epoch == epoch && (self.current.is_some() || !epoch.is_empty())
    }

    /// Seconds since the follower last had the source's champion; `None` before the first time.
    pub fn lag(&self, now: Timestamp) -> Option<f64> {
        let lag = now.duration_since(self.current?).as_secs_f64();
        Some(lag.max(0.0))
    }
}
