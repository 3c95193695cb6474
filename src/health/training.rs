//! Condition: the last training failed.

use super::facts::{Facts, Watcher};
use crate::alert::{Condition, Rule};

const SUBJECT: &str = "training";

pub(super) struct Failure;

impl Watcher for Failure {
    fn look(&mut self, facts: &Facts) -> Option<Condition> {
        // Before the first training after a start nothing is known, so the previous condition stands.
        let ended = facts.training.as_ref()?;
        Some(match &ended.error {
            None => Condition::over(Rule::Training, SUBJECT),
            Some(why) => {
                let condition = Condition::holds(
                    Rule::Training,
                    SUBJECT,
                    "the last training failed; the model that answers goes on",
                );
                condition.describe(format!("job {}: {why}", ended.job))
            }
        })
    }
}
