//! The store cannot write.

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
        })
    }
}
