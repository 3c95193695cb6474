//! The ledger: what was decided about this model and the others, by whom and why.

use serde::Serialize;

use super::facts::Facts;
use super::words::{none, time};
use crate::clock::rfc3339;
use crate::registry::ledger::{Action, Entry};
use crate::report::document::Section;
use crate::report::table::Table;

/// Entries that are listed, the newest.
const LISTED: usize = 200;
/// Digits of a hash that are shown in the document.
const SHORT: usize = 12;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decisions {
    /// Entries in the ledger.
    pub entries: u64,
    /// The newest entries, oldest first.
    pub listed: Vec<Decision>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    pub seq: u64,
    /// Null for the first training, which is the same on every machine but for its time.
    pub time: Option<String>,
    pub action: Action,
    pub model: String,
    pub previous: Option<String>,
    pub by: String,
    pub reason: String,
    /// Hash of the ledger line; null where the time is.
    pub hash: Option<String>,
}

impl Decisions {
    pub fn of(facts: &Facts<'_>) -> Decisions {
        let first = first_training(facts.entries);
        let decision = |(i, entry): (usize, &Entry)| Decision {
            seq: entry.seq,
            time: (i >= first).then(|| rfc3339(entry.time)),
            action: entry.action,
            model: entry.model.to_string(),
            previous: entry.previous.as_ref().map(ToString::to_string),
            by: entry.by.clone(),
            reason: entry.reason.clone(),
            hash: (i >= first).then(|| entry.hash.clone()),
        };
        let skipped = facts.entries.len().saturating_sub(LISTED);
        Decisions {
            entries: facts.entries.len() as u64,
            listed: facts
                .entries
                .iter()
                .enumerate()
                .skip(skipped)
                .map(decision)
                .collect(),
        }
    }

    pub fn section(&self) -> Section {
        let headings = [
            "entry#",
            "time (UTC)",
            "event",
            "model",
            "before",
            "by",
            "reason",
            "hash",
        ];
        let mut table = Table::new("Ledger", &headings);
        for entry in &self.listed {
            let short = |hash: &String| hash.chars().take(SHORT).collect();
            table.row([
                entry.seq.to_string(),
                entry
                    .time
                    .as_deref()
                    .map_or_else(|| "first training".into(), time),
                event(entry.action).into(),
                entry.model.clone(),
                entry.previous.clone().unwrap_or_else(none),
                entry.by.clone(),
                entry.reason.clone(),
                entry.hash.as_ref().map_or_else(none, short),
            ]);
        }
        let mut section = Section::new("decisions", "Decisions");
        if self.listed.is_empty() {
            return section.with("The ledger has no entry.");
        }
        if self.listed.len() < self.entries as usize {
            let text = format!(
                "The newest {} of {} entries.",
                self.listed.len(),
                self.entries
            );
            section = section.with(text);
        }
        section
            .with(
                "Every event in the life of a version is a line of the ledger, with the hash of the line before it, so that none \
                 can be changed unnoticed.",
            )
            .with(table)
    }
}

/// Number of entries that the first training wrote: its own, and the promotion that came with it.
fn first_training(entries: &[Entry]) -> usize {
    match entries {
        [trained, promoted, ..]
            if trained.action == Action::Trained
                && promoted.action == Action::Promoted
                && trained.model == promoted.model
                && trained.by == promoted.by =>
        {
            2
        }
        [trained, ..] if trained.action == Action::Trained => 1,
        _ => 0,
    }
}

fn event(action: Action) -> &'static str {
    match action {
        Action::Trained => "trained",
        Action::Promoted => "promoted",
        Action::RolledBack => "rolled back",
        Action::Shadowed => "shadowed",
        Action::Dropped => "dropped",
        Action::Removed => "removed",
    }
}
