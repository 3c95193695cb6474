//! Of the rows asked about lately, too many were refused. No window of the monitor sees them: a sender that has changed a
//! unit or a name shows here, or nowhere.

use std::collections::BTreeMap;

use super::rate::{Limit, Rate};
use super::window::Window;
use super::{Facts, Watcher};
use crate::alert::{Condition, Rule};

const SUBJECT: &str = "predictions";

/// Columns that are named.
const NAMED: usize = 3;

pub(super) struct Refused {
    rate: Rate,
    columns: Window<BTreeMap<String, u64>>,
    unanswered: Window<u64>,
}

impl Refused {
    pub(super) fn new(limit: Limit) -> Refused {
        Refused {
            rate: Rate::new(limit),
            columns: Window::new(limit.over),
            unanswered: Window::new(limit.over),
        }
    }
}

impl Watcher for Refused {
    fn look(&mut self, facts: &Facts) -> Option<Condition> {
        let before = self.columns.begin(facts.now, &facts.refused_for);
        let unanswered = self.unanswered.begin(facts.now, &facts.unanswered);
        let unanswered = facts.unanswered.saturating_sub(unanswered);
        let asked = facts.answered + facts.refused + facts.unanswered;
        let Some(excess) = self.rate.look(facts.now, asked, facts.refused) else {
            return Some(Condition::over(Rule::Refused, SUBJECT));
        };
        let percent = 100.0 * excess.share();
        let summary = format!("{percent:.0} % of the rows asked about lately were refused");
        let beside = match unanswered {
            0 => String::new(),
            rows => format!(
                " {rows} good rows got none either, for they were sent with such: ?partial=true answers them."
            ),
        };
        let description = format!(
            "{} of {} rows broke the contract of the table and got no prediction{}.{beside} The monitor sees none of them, and a training would not help: look at what is sent, or at the ranges and levels of the spec. POST /v1/predict answers such a row with what is wrong and what is allowed.",
            excess.bad,
            excess.all,
            reasons(&facts.refused_for, &before),
        );
        let condition = Condition::holds(Rule::Refused, SUBJECT, summary);
        Some(condition.describe(description).value(excess.share()))
    }
}

/// The columns they were refused for most often.
fn reasons(now: &BTreeMap<String, u64>, before: &BTreeMap<String, u64>) -> String {
    let since = |(column, count): (&String, &u64)| {
        let count = count.saturating_sub(before.get(column).copied().unwrap_or(0));
        (count > 0).then(|| (count, column.clone()))
    };
    let mut columns: Vec<(u64, String)> = now.iter().filter_map(since).collect();
    columns.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let named = columns.iter().take(NAMED).map(|(count, column)| {
        let column = if column.is_empty() {
            "columns the table has not"
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
