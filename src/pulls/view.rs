//! The displayed state of the scheduled sources, with the outcome of the last pull.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::rfc3339;
use crate::ingest::Tally;

/// The displayed state of a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Source")]
pub struct SourceView {
    /// Name of the source in the settings.
    pub name: String,
    /// Address of the source, without credentials.
    pub from: String,
    /// Seconds between the end of one pull and the start of the next.
    pub every: f64,
    /// Read position, if the source has one; filled in from the store.
    pub cursor: Option<String>,
    /// Outcome of the last pull; `None` before the first.
    pub last: Option<PullView>,
}

/// The displayed outcome of a pull.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Pull")]
pub struct PullView {
    pub ended: String,
    pub read: u64,
    /// New rows that were stored.
    pub stored: u64,
    /// Rows that were in the store already.
    pub repeated: u64,
    pub quarantined: u64,
    pub skipped: u64,
    /// The error that ended the pull early, if any.
    pub error: Option<String>,
}

/// The sources of a server. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Sources(Arc<Mutex<BTreeMap<String, SourceView>>>);

impl Sources {
    /// Adds a source that has not been pulled yet.
    pub fn add(&self, name: &str, from: &str, every: f64) {
        let view = SourceView {
            name: name.to_owned(),
            from: from.to_owned(),
            every,
            cursor: None,
            last: None,
        };
        self.change(|sources| drop(sources.insert(name.to_owned(), view)));
    }

    pub fn list(&self) -> Vec<SourceView> {
        let sources = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sources.values().cloned().collect()
    }

    pub(super) fn pulled(&self, name: &str, now: Timestamp, tally: &Tally, error: Option<String>) {
        let last = PullView {
            ended: rfc3339(now),
            read: tally.read,
            stored: tally.stored,
            repeated: tally.repeated,
            quarantined: tally.quarantined,
            skipped: tally.skipped,
            error,
        };
        self.change(|sources| {
            if let Some(source) = sources.get_mut(name) {
                source.last = Some(last);
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, SourceView>)) {
        // The lock only guards assignments of whole views, so the map is consistent even if a holder panicked.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
