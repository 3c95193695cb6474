//! What conditions are decided from, and how.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::alert::Condition;
use crate::publish::Behind;
use crate::store::Health;
use crate::telemetry::latency::Counts;

/// State of the server at one moment. Counters are totals since the start.
#[derive(Clone, Debug)]
pub struct Facts {
    pub now: Timestamp,
    /// Whether the store can write.
    pub health: Health,
    /// Predictions that were returned but not stored.
    pub lost: u64,
    /// Rows submitted for storage.
    pub rows: u64,
    /// Rows among them that were quarantined.
    pub aside: u64,
    /// Rows that got a prediction.
    pub answered: u64,
    /// Rows that were rejected instead.
    pub rejected: u64,
    /// Valid rows that got no prediction because a row of the same request was rejected.
    pub failed: u64,
    /// Rejected values by column, as the counter has them.
    pub rejected_for: BTreeMap<String, u64>,
    /// Outcome of the last training that was not cancelled; `None` before the first.
    pub training: Option<Ended>,
    /// Why the last backup failed; `None` if it is done, or there was none.
    pub backup: Option<String>,
    /// Since when the place for champions lacks the current one; `None` if it has it, or there is no such place.
    pub unpublished: Option<Behind>,
    /// Histogram of response times.
    pub answers: Counts,
}

/// The outcome of a training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub job: String,
    /// The error of a failed training.
    pub error: Option<String>,
}

/// Derives one condition from the facts.
pub(super) trait Watcher: Send {
    /// The condition, active or ended; `None` if the facts do not decide it.
    fn look(&mut self, facts: &Facts) -> Option<Condition>;
}
