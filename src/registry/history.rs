//! Derives the current state from the ledger's entries: the champion, the target of a rollback, and what became of each
//! version. This module performs no I/O.
//!
//! Promotions form a stack, and a rollback is an undo: it pops the champion, so that a second rollback goes further back
//! instead of returning to the version just rolled back. A promotion after a rollback is pushed onto the remaining stack.
//!
//! | ledger | stack | rollback goes to |
//! |---|---|---|
//! | promoted 1, 2, 3 | 1 2 3 | 2 |
//! | … rolled back | 1 2 | 1 |
//! | … promoted 4 | 1 2 4 | 2 |
//!
//! Removed versions are skipped.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    entry::{Action, Entry},
    version::Version,
};

/// The state derived from a ledger's entries.
#[derive(Debug, Default)]
pub(super) struct History<'a> {
    /// The stack of champions; the current one is last.
    stack: Vec<Version>,
    /// The entry that made the current champion.
    pub moved: Option<&'a Entry>,
    /// The `trained` entries by version number.
    pub trained: BTreeMap<u64, &'a Entry>,
    /// Numbers of versions whose file was removed.
    pub removed: BTreeSet<u64>,
    /// Numbers of versions that have been champion.
    pub reigned: BTreeSet<u64>,
    /// The `shadowed` entry of the current shadow model, if there is one.
    pub shadow: Option<&'a Entry>,
}

impl<'a> History<'a> {
    pub(super) fn of(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut history = History::default();
        for entry in entries {
            history.add(entry);
        }
        history
    }

    fn add(&mut self, entry: &'a Entry) {
        let number = entry.model.number();
        match entry.action {
            Action::Trained => drop(self.trained.insert(number, entry)),
            Action::Removed => drop(self.removed.insert(number)),
            Action::Shadowed => self.shadow = Some(entry),
            Action::Dropped => self.light_up(entry),
            Action::Promoted => {
                self.stack.push(entry.model.clone());
                self.move_to(entry);
            }
            Action::RolledBack => {
                self.unwind_to(&entry.model);
                self.move_to(entry);
            }
        }
    }

    /// Ends the shadow of a version that is dropped, promoted or rolled back to.
    fn light_up(&mut self, entry: &Entry) {
        self.shadow = self.shadow.filter(|shadow| shadow.model != entry.model);
    }

    fn move_to(&mut self, entry: &'a Entry) {
        self.light_up(entry);
        self.moved = Some(entry);
        self.reigned.insert(entry.model.number());
    }

    /// Pops the champion and all versions above the target of a rollback.
    fn unwind_to(&mut self, target: &Version) {
        self.stack.pop();
        while self.stack.last().is_some_and(|version| version != target) {
            self.stack.pop();
        }
        if self.stack.is_empty() {
            self.stack.push(target.clone()); // lines before this one are missing
        }
    }

    /// The version that the last promotion or rollback made champion.
    pub(super) fn champion(&self) -> Option<&Version> {
        self.moved.map(|entry| &entry.model)
    }

    /// SHA-256 of a version's file, if the ledger has its `trained` line.
    pub(super) fn sha256(&self, version: &Version) -> Option<String> {
        let trained = self.trained.get(&version.number());
        trained
            .filter(|entry| entry.model == *version)
            .map(|entry| entry.sha256.clone())
    }

    /// The version that a rollback from `champion` goes to.
    pub(super) fn before(&self, champion: &Version) -> Option<&Version> {
        let earlier = match self.stack.split_last() {
            Some((top, below)) if top == champion => below,
            _ => &self.stack,
        };
        earlier
            .iter()
            .rev()
            .find(|version| *version != champion && !self.removed.contains(&version.number()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Replays a sequence of `+1` (promote), `<1` (roll back to) and `-1` (remove).
    fn check(story: &str, champion: u64, before: Option<u64>) {
        let entries: Vec<Entry> = story.split_whitespace().map(entry).collect();
        let history = History::of(&entries);
        let number = |version: &Version| version.number();
        assert_eq!(history.champion().map(number), Some(champion), "{story}");
        let champion = history.champion().unwrap();
        assert_eq!(history.before(champion).map(number), before, "{story}");
    }

    fn entry(step: &str) -> Entry {
        let (sign, number) = step.split_at(1);
        let action = match sign {
            "+" => "promoted",
            "<" => "rolled_back",
            _ => "removed",
        };
        let line = format!(
            r#"{{"seq":1,"time":"2026-01-01T00:00:00Z","action":"{action}","model":"wine@{number}","previous":null,"sha256":"","by":"","reason":"","evidence":null,"prev":"","hash":""}}"#
        );
        serde_json::from_str(&line).unwrap()
    }

    #[test]
    fn a_rollback_is_undo() {
        check("+1", 1, None);
        check("+1 +2 +3", 3, Some(2));
        check("+1 +2 +3 <2", 2, Some(1));
        check("+1 +2 +3 <2 <1", 1, None);
        check("+1 +2 +3 <2 +4", 4, Some(2));
        check("+1 +2 +3 <2 +4 <2", 2, Some(1));
        check("+1 +2 +1", 1, Some(2));
        check("+1 +2 +1 <2", 2, Some(1));
    }

    #[test]
    fn removed_versions_are_stepped_over() {
        check("+1 +2 +3 -2", 3, Some(1));
        check("+1 +2 +3 -2 <1", 1, None);
        check("+1 +2 +1 -2", 1, None);
    }

    #[test]
    fn a_ledger_without_its_beginning_still_makes_sense() {
        check("<2", 2, None);
        check("+3 <2 +4", 4, Some(2));
    }
}
