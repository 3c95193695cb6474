//! What a state holds, counted: what is backed up is compared with what comes back.

use std::collections::BTreeMap;
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::BackupError;
use super::watch::Watch;
use crate::registry::Registry;
use crate::store::{File, kind};

/// Number of events between two looks at whether to go on.
const LOOK: u64 = 4096;

/// What a state holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "BackupContents")]
pub struct Contents {
    /// Number of stored events, by kind.
    pub events: BTreeMap<String, u64>,
    /// Sequence number of the last event.
    pub seq: u64,
    /// Number of model files.
    pub models: u64,
    /// Number of training tables.
    pub tables: u64,
    /// Number of lines of the ledger.
    pub ledger: u64,
    /// The champion; none before the first promotion.
    pub champion: Option<String>,
}

impl Contents {
    /// Counts what a state folder holds, by reading every event.
    pub(super) fn of(state: &Path, file: &File, watch: Watch<'_>) -> Result<Contents, BackupError> {
        let registry = Registry::open(state)?.contents()?;
        let mut events = BTreeMap::new();
        let mut read = 0;
        let seq = file.snapshot(|snapshot| {
            snapshot.after(0, |record| {
                *events
                    .entry(kind::name(record.kind()).to_owned())
                    .or_default() += 1;
                read += 1;
                read % LOOK != 0 || !(watch.stopped)()
            })?;
            snapshot.last()
        })?;
        watch.check()?;
        Ok(Contents {
            events,
            seq,
            models: registry.models,
            tables: registry.tables,
            ledger: registry.ledger,
            champion: registry.champion.map(|version| version.to_string()),
        })
    }

    /// Number of events of all kinds.
    pub fn total(&self) -> u64 {
        self.events.values().sum()
    }

    /// The first difference between what was backed up and what came back.
    pub(super) fn difference(&self, back: &Contents) -> Option<String> {
        let counts = [
            ("model files", self.models, back.models),
            ("training tables", self.tables, back.tables),
            ("lines of the ledger", self.ledger, back.ledger),
            ("as the number of the last event", self.seq, back.seq),
        ];
        let kinds = self.events.keys().chain(back.events.keys());
        let of = |contents: &Contents, kind: &str| contents.events.get(kind).copied().unwrap_or(0);
        let kinds = kinds.map(|kind| (kind.as_str(), of(self, kind), of(back, kind)));
        let differs = |(what, before, after): (&str, u64, u64)| {
            (before != after).then(|| format!("{before} {what} before, {after} after"))
        };
        let mut found = counts.into_iter().chain(kinds).filter_map(differs);
        found.next().or_else(|| {
            let name = |champion: &Option<String>| champion.clone().unwrap_or("none".into());
            let (before, after) = (name(&self.champion), name(&back.champion));
            (before != after).then(|| format!("champion {before} before, {after} after"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_says_what_and_how_many() {
        let one = Contents {
            events: BTreeMap::from([("row".to_owned(), 3)]),
            seq: 3,
            models: 1,
            champion: Some("wine@1".into()),
            ..Contents::default()
        };
        assert_eq!(one.difference(&one.clone()), None);
        let check = |change: fn(&mut Contents), expected: &str| {
            let mut other = one.clone();
            change(&mut other);
            assert_eq!(one.difference(&other).as_deref(), Some(expected));
        };
        check(|c| c.models = 0, "1 model files before, 0 after");
        check(|c| c.events.clear(), "3 row before, 0 after");
        check(
            |c| *c.events.entry("label".into()).or_default() = 1,
            "0 label before, 1 after",
        );
        check(|c| c.champion = None, "champion wine@1 before, none after");
    }
}
