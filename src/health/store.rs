//! Condition: the store cannot write, or is damaged.

use super::{Facts, Watcher};
use crate::alert::{Condition, Rule};
use crate::store::{Health, NAME};

pub(super) struct Trouble;

impl Watcher for Trouble {
    fn look(&mut self, facts: &Facts) -> Option<Condition> {
        Some(match &facts.health {
            Health::Writing => Condition::over(Rule::Store, NAME),
            Health::Failing(why) => {
                let summary = "the store cannot write: predictions are answered and not kept, rows and labels are refused";
                Condition::holds(Rule::Store, NAME, summary).describe(why)
            }
            Health::Damaged(why) => {
                let summary = "the store is damaged: predictions are answered and not kept, everything else about it is refused";
                let remedy = "stop the server and put a backup in its place with `store restore`";
                Condition::holds(Rule::Store, NAME, summary).describe(format!("{why}; {remedy}"))
            }
        })
    }
}
