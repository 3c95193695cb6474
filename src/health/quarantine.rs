//! Condition: too many recently submitted rows were quarantined.

use super::facts::{Facts, Watcher};
use super::rate::{Limit, Rate};
use crate::alert::settings::QuarantineRule;
use crate::alert::{Condition, Rule};

const SUBJECT: &str = "rows";

pub(super) struct Quarantine(Rate);

impl Quarantine {
    pub(super) fn new(rule: &QuarantineRule) -> Quarantine {
        let limit = Limit::new(rule.share, rule.rows, rule.over);
        Quarantine(Rate::new(limit))
    }
}

impl Watcher for Quarantine {
    fn look(&mut self, facts: &Facts) -> Option<Condition> {
        let Some(excess) = self.0.look(facts.now, facts.rows, facts.aside) else {
            return Some(Condition::over(Rule::Quarantine, SUBJECT));
        };
        let percent = 100.0 * excess.share();
        let summary = format!("{percent:.0} % of the rows ingested lately were quarantined");
        let description = format!(
            "{} of {} rows broke the contract of the table. GET /v1/quarantine and, on the server's machine, `titanic-platform ingest quarantine list` show what is wrong with each.",
            excess.bad, excess.all
        );
        let condition = Condition::holds(Rule::Quarantine, SUBJECT, summary);
        Some(condition.describe(description).value(excess.share()))
    }
}
