//! Predictions were answered and could not be kept.

use super::{Facts, Watcher};
use crate::alert::{Condition, Rule};

const SUBJECT: &str = "predictions";

/// What was lost when it was last looked at.
#[derive(Default)]
pub(super) struct Loss(u64);

impl Watcher for Loss {
    fn look(&mut self, facts: &Facts) -> Option<Condition> {
        let before = std::mem::replace(&mut self.0, facts.lost);
        if facts.lost <= before {
            return Some(Condition::over(Rule::Loss, SUBJECT));
        }
        let summary = "predictions were answered and could not be kept: the disk does not follow";
        let all = facts.lost;
        let description = format!(
            "{all} since the server started. They can have no labels, and are missing in every figure made of what is kept."
        );
        let condition = Condition::holds(Rule::Loss, SUBJECT, summary);
        Some(condition.describe(description).value(all as f64))
    }
}
