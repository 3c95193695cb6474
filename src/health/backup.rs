//! Condition: the last backup failed.

use super::facts::{Facts, Watcher};
use crate::alert::{Condition, Rule};

const SUBJECT: &str = "backup";

pub(super) struct Failure;

impl Watcher for Failure {
    fn look(&mut self, facts: &Facts) -> Option<Condition> {
        Some(match &facts.backup {
            None => Condition::over(Rule::Backup, SUBJECT),
            Some(why) => {
                let summary = "the last backup failed; what happened since the one before is on one disk alone";
                Condition::holds(Rule::Backup, SUBJECT, summary).describe(why)
            }
        })
    }
}
