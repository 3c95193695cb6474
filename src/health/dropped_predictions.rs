//! Condition: predictions were returned but could not be stored.

use jiff::{SignedDuration, Timestamp};

use super::facts::{Facts, Watcher};
use crate::alert::{Condition, Rule};

const SUBJECT: &str = "predictions";

/// How long a loss remains active. Predictions are lost while the disk is slow, when receivers of the alert are slow too.
const TOLD: SignedDuration = SignedDuration::from_secs(30);

/// The number of lost predictions at the last check, and the time of the last loss.
#[derive(Default)]
pub(super) struct DroppedPredictions {
    lost: u64,
    last: Option<Timestamp>,
}

impl Watcher for DroppedPredictions {
    fn look(&mut self, facts: &Facts) -> Option<Condition> {
        let before = std::mem::replace(&mut self.lost, facts.lost);
        if facts.lost > before {
            self.last = Some(facts.now);
        }
        let is_fresh = |last: Timestamp| facts.now.duration_since(last) < TOLD;
        if !self.last.is_some_and(is_fresh) {
            return Some(Condition::over(Rule::DroppedPredictions, SUBJECT));
        }
        let summary = "predictions were dropped: the disk does not keep up";
        let all = facts.lost;
        let description = format!(
            "{all} since the server started. They can get no labels, and are missing from everything that is computed from the store."
        );
        let condition = Condition::holds(Rule::DroppedPredictions, SUBJECT, summary);
        Some(condition.describe(description).value(all as f64))
    }
}
