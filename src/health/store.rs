//! Condition: the store cannot write, or is damaged.

use super::facts::{Facts, Watcher};
use crate::alert::{Condition, Rule};
use crate::store::{Health, NAME};

pub(super) struct Trouble;

impl Watcher for Trouble {
    fn look(&mut self, facts: &Facts) -> Option<Condition> {
        Some(match &facts.health {
            Health::Writing => Condition::over(Rule::Store, NAME),
            Health::Failing(why) => {
                let summary = "the store cannot write: predictions are made but not stored, rows and labels are rejected";
                Condition::holds(Rule::Store, NAME, summary).describe(why)
            }
            Health::Damaged(why) => {
                let summary = "the store is damaged: predictions are made but not stored, every other use of it is rejected";
                let remedy = "stop the server and put a backup in its place with `store restore`";
                Condition::holds(Rule::Store, NAME, summary).describe(format!("{why}; {remedy}"))
            }
        })
    }
}
