//! What a report is made from.

use jiff::Timestamp;

use crate::model::Model;
use crate::monitor::performance::{Fired, Window};
use crate::monitor::verdict::Verdict;
use crate::registry::ledger::Entry;
use crate::schema::Table;

/// A model and what happened to it.
pub struct Facts<'a> {
    /// `titanic@7`.
    pub version: String,
    /// Its role, such as `champion`.
    pub role: String,
    pub model: &'a Model,
    /// SHA-256 of the model file.
    pub sha256: String,
    /// The training table, or why there is none.
    pub table: Result<&'a Table, String>,
    /// The ledger, oldest first.
    pub entries: &'a [Entry],
    pub live: Live,
}

/// What the monitor saw of the model, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Live {
    pub verdicts: Vec<Verdict>,
    /// Full windows of labelled predictions.
    pub windows: Vec<(Timestamp, Window)>,
    /// Changes of the error that a detector found.
    pub changes: Vec<(Timestamp, Fired)>,
    pub alerts: Vec<Alert>,
}

/// A change of an alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    pub time: Timestamp,
    pub rule: String,
    pub subject: String,
    pub state: String,
    pub summary: String,
}
