//! Log messages of a scheduled source.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use crate::ingest::World;
use crate::ingest::source::Unattended;

/// Logs a message unless the previous pull had it too, so a file that is skipped in every pull is reported once.
pub(super) struct Notes<'a> {
    source: &'a str,
    world: Unattended,
    before: BTreeSet<String>,
    now: Mutex<BTreeSet<String>>,
}

impl<'a> Notes<'a> {
    pub(super) fn new(source: &'a str, world: Unattended) -> Notes<'a> {
        Notes {
            source,
            world,
            before: BTreeSet::new(),
            now: Mutex::default(),
        }
    }

    /// Starts the next pull.
    pub(super) fn turn(&mut self) {
        let now = self.now.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.before = std::mem::take(now);
    }

    fn is_new(&self, note: &str) -> bool {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        now.insert(note.to_owned()) && !self.before.contains(note)
    }
}

impl World for Notes<'_> {
    fn stopped(&self) -> bool {
        self.world.stopped()
    }

    fn say(&self, note: &str) {
        if self.is_new(note) {
            tracing::warn!(source = self.source, "{note}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_last_pull_told_is_not_told_again() {
        let mut notes = Notes::new("inbox", Unattended::default());
        assert!(notes.is_new("a") && !notes.is_new("a"));
        notes.turn();
        assert!(!notes.is_new("a") && notes.is_new("b"));
        notes.turn(); // nothing is told of it here
        notes.turn();
        assert!(notes.is_new("a"), "it was gone for a while");
    }
}
