//! Condition: predictions were returned but could not be stored.

use jiff::{SignedDuration, Timestamp};

use super::{Facts, Watcher};
use crate::alert::{Condition, Rule};

const SUBJECT: &str = "predictions";

/// How long a loss remains active. Predictions are lost while the disk is slow, when receivers of the alert are slow too.
const TOLD: SignedDuration = SignedDuration::from_secs(30);

/// The number of lost predictions at the last check, and the time of the last loss.
#[derive(Default)]
pub(super) struct Loss {
    lost: u64,
    last: Option<Timestamp>,
}

impl Watcher for Loss {
    fn look(&mut self, facts: &Facts) -> Option<Condition> {
        let before = std::mem::replace(&mut self.lost, facts.lost);
        if facts.lost > before {
            self.last = Some(facts.now);
        }
        let is_fresh = |last: Timestamp| facts.now.duration_since(last) < TOLD;
        if !self.last.is_some_and(is_fresh) {
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
