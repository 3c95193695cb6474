//! The scheduled sources as they are shown: what each is, and what came of its last pull.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::clock::rfc3339;
use crate::ingest::Tally;

/// A source as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Source")]
pub struct SourceView {
    /// Its name in the settings.
    pub name: String,
    /// Where it reads, without credentials.
    pub from: String,
    /// Seconds between the end of one pull and the next.
    pub every: f64,
    /// How far it was read, where it tells; filled in from the store.
    pub cursor: Option<String>,
    /// The last pull; none before the first.
    pub last: Option<PullView>,
}

/// A pull as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Pull")]
pub struct PullView {
    pub ended: String,
    pub read: u64,
    /// Rows that are new.
    pub stored: u64,
    /// Rows that were there already.
    pub repeated: u64,
    /// Rows put into quarantine.
    pub quarantined: u64,
    pub skipped: u64,
    /// Why it ended early.
    pub error: Option<String>,
}

/// The sources of a server. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Sources(Arc<Mutex<BTreeMap<String, SourceView>>>);

impl Sources {
    /// Adds a source that was not pulled yet.
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

    /// Every source, by name.
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
        // Whole views are put in under it: a holder that panicked leaves a good map behind.
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
