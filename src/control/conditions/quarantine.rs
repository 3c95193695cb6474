//! Of the rows handed in lately, too many were put aside.

use super::window::Window;
use super::{Facts, Thresholds, Watcher};
use crate::alert::{Condition, Rule};

const SUBJECT: &str = "rows";

pub(super) struct Rate {
    share: f64,
    least: u64,
    window: Window<(u64, u64)>,
}

impl Rate {
    pub(super) fn new(thresholds: &Thresholds) -> Rate {
        Rate {
            share: thresholds.share,
            least: thresholds.rows,
            window: Window::new(thresholds.rows_over),
        }
    }
}

impl Watcher for Rate {
    fn look(&mut self, facts: &Facts) -> Option<Condition> {
        let (rows, aside) = self.window.begin(facts.now, &(facts.rows, facts.aside));
        let rows = facts.rows.saturating_sub(rows);
        let aside = facts.aside.saturating_sub(aside);
        let share = aside as f64 / rows.max(1) as f64;
        if rows < self.least || share <= self.share {
            return Some(Condition::over(Rule::Quarantine, SUBJECT));
        }
        let percent = 100.0 * share;
        let summary = format!("{percent:.0} % of the rows handed in lately were put aside");
        let description = format!(
            "{aside} of {rows} rows broke the contract of the table. `ingest quarantine list` or GET /v1/events?kind=quarantine says what is wrong with each."
        );
        let condition = Condition::holds(Rule::Quarantine, SUBJECT, summary);
        Some(condition.describe(description).value(share))
    }
}
