//! Condition: too many rows in recent prediction requests were rejected. Rejected rows never reach the monitor's windows, so
//! a client that changed a unit or a name shows up here only.

use std::collections::BTreeMap;

use super::facts::{Facts, Watcher};
use super::rate::{Limit, Rate};
use super::window::Window;
use crate::alert::settings::RejectedRule;
use crate::alert::{Condition, Rule};

const SUBJECT: &str = "predictions";

/// Maximum columns that are named.
const NAMED: usize = 3;

/// If rejected rows leave more than this share of all rows without a prediction, their own share need not exceed the limit.
const HALF: f64 = 0.5;

pub(super) struct Rejected {
    limit: Limit,
    rejected: Rate,
    failed: Rate,
    columns: Window<BTreeMap<String, u64>>,
}

impl Rejected {
    pub(super) fn new(rule: &RejectedRule) -> Rejected {
        let limit = Limit::new(rule.share, rule.rows, rule.over);
        Rejected {
            limit,
            rejected: Rate::new(limit),
            failed: Rate::new(limit),
            columns: Window::new(limit.over),
        }
    }
}

impl Watcher for Rejected {
    fn look(&mut self, facts: &Facts) -> Option<Condition> {
        let before = self.columns.begin(facts.now, &facts.rejected_for);
        let all = facts.answered + facts.rejected + facts.failed;
        let rejected = self.rejected.since(facts.now, all, facts.rejected);
        let beside = self.failed.since(facts.now, all, facts.failed);
        let without = rejected.share() + beside.share();
        let are_many = rejected.is_over(&self.limit);
        // One rejected row leaves its whole request without predictions, so a few of them can block most rows.
        let are_in_the_way = rejected.bad >= self.limit.least && without > HALF;
        if !are_many && !are_in_the_way {
            return Some(Condition::over(Rule::Rejected, SUBJECT));
        }
        let percent = 100.0 * without;
        let summary = format!("{percent:.0} % of the rows sent lately got no prediction");
        let good = match beside.bad {
            0 => String::new(),
            rows => format!(
                ", and {rows} valid ones got none because they were sent together with these (?partial=true predicts them)"
            ),
        };
        let description = format!(
            "{} of {} rows broke the contract of the table{}{good}. The monitor does not see them, and a training would not help: check what is sent, or the ranges and levels of the spec. POST /v1/predict says for each such row what is wrong and what is allowed.",
            rejected.bad,
            rejected.all,
            reasons(&facts.rejected_for, &before),
        );
        let condition = Condition::holds(Rule::Rejected, SUBJECT, summary);
        Some(condition.describe(description).value(without))
    }
}

/// The columns with the most rejected values in the period, in words.
fn reasons(now: &BTreeMap<String, u64>, before: &BTreeMap<String, u64>) -> String {
    let since = |(column, count): (&String, &u64)| {
        let count = count.saturating_sub(before.get(column).copied().unwrap_or(0));
        (count > 0).then(|| (count, column.clone()))
    };
    let mut columns: Vec<(u64, String)> = now.iter().filter_map(since).collect();
    columns.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let named = columns.iter().take(NAMED).map(|(count, column)| {
        let column = if column.is_empty() {
            "no column of the table"
        } else {
            column
        };
        format!("{column} ({count})")
    });
    let named: Vec<String> = named.collect();
    if named.is_empty() {
        return String::new();
    }
    format!(", for {}", named.join(", "))
}
