//! Condition: too many rows in recent prediction requests were rejected. Rejected rows never reach the monitor's windows, so
//! a client that changed a unit or a name shows up here only.

use std::collections::BTreeMap;

use super::rate::{Limit, Rate};
use super::window::Window;
use super::{Facts, Watcher};
use crate::alert::settings::RefusedRule;
use crate::alert::{Condition, Rule};

const SUBJECT: &str = "predictions";

/// Maximum columns that are named.
const NAMED: usize = 3;

/// If rejected rows leave more than this share of all rows without a prediction, their own share need not exceed the limit.
const HALF: f64 = 0.5;

pub(super) struct Refused {
    limit: Limit,
    refused: Rate,
    unanswered: Rate,
    columns: Window<BTreeMap<String, u64>>,
}

impl Refused {
    pub(super) fn new(rule: &RefusedRule) -> Refused {
        let limit = Limit::new(rule.share, rule.rows, rule.over);
        Refused {
            limit,
            refused: Rate::new(limit),
            unanswered: Rate::new(limit),
            columns: Window::new(limit.over),
        }
    }
}

impl Watcher for Refused {
    fn look(&mut self, facts: &Facts) -> Option<Condition> {
        let before = self.columns.begin(facts.now, &facts.refused_for);
        let all = facts.answered + facts.refused + facts.unanswered;
        let refused = self.refused.since(facts.now, all, facts.refused);
        let beside = self.unanswered.since(facts.now, all, facts.unanswered);
        let without = refused.share() + beside.share();
        let are_many = refused.is_over(&self.limit);
        // One rejected row leaves its whole request without predictions, so a few of them can block most rows.
        let are_in_the_way = refused.bad >= self.limit.least && without > HALF;
        if !are_many && !are_in_the_way {
            return Some(Condition::over(Rule::Refused, SUBJECT));
        }
        let percent = 100.0 * without;
        let summary = format!("{percent:.0} % of the rows asked about lately got no prediction");
        let good = match beside.bad {
            0 => String::new(),
            rows => format!(
                ", and {rows} good ones got none, for they were sent with such (?partial=true answers them)"
            ),
        };
        let description = format!(
            "{} of {} rows broke the contract of the table{}{good}. The monitor sees none of them, and a training would not help: look at what is sent, or at the ranges and levels of the spec. POST /v1/predict answers such a row with what is wrong and what is allowed.",
            refused.bad,
            refused.all,
            reasons(&facts.refused_for, &before),
        );
        let condition = Condition::holds(Rule::Refused, SUBJECT, summary);
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
