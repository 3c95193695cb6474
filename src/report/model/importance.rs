//! What the model relies on.

use serde::Serialize;

use super::data::part;
use super::facts::Facts;
use super::words::{Measured, interval, none, plain_or_none};
use crate::model::evaluation::{Dependence, Evaluation};
use crate::report::chart::{Chart, plain};
use crate::report::document::{Block, Section};
use crate::report::evaluated::{dependence, importance};
use crate::report::table::Table;
use crate::stats::resampled::Estimate;

/// Columns whose importance is drawn.
const BARS: usize = 30;
/// Columns whose partial dependence is drawn.
const DRAWN: usize = 12;
/// Levels of a category that are drawn.
const LEVELS: usize = 12;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Importances {
    /// Largest first.
    pub columns: Vec<Importance>,
    pub dependence: Vec<Dependence>,
}

/// By how much the log loss of unseen rows grows without the column's information, in nats per row.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Importance {
    pub column: String,
    pub growth: Measured,
}

impl Importances {
    pub fn of(_: &Facts<'_>, evaluation: &Evaluation) -> Importances {
        let importance = |found: &crate::model::evaluation::Importance| Importance {
            column: found.column.clone(),
            growth: Measured::within(found.growth, f64::MIN, f64::MAX),
        };
        let drawn = |found: &Dependence| Dependence {
            column: found.column.clone(),
            points: match found.points.iter().any(|p| p.number.is_some()) {
                true => found.points.clone(),
                false => found.points.iter().take(LEVELS).cloned().collect(),
            },
        };
        Importances {
            columns: evaluation.importance.iter().map(importance).collect(),
            dependence: evaluation
                .dependence
                .iter()
                .take(DRAWN)
                .map(drawn)
                .collect(),
        }
    }

    pub fn section(&self, positive: &str) -> Section {
        let drawn = self.columns.iter().take(BARS).map(|c| {
            let Measured { mean, se, .. } = c.growth;
            (c.column.as_str(), Estimate { mean, se })
        });
        let chart = importance(&drawn.collect::<Vec<_>>());
        let mut table = Table::new(
            "Permutation importance",
            &["column", "growth#", "se#", "95 % interval#"],
        );
        for column in &self.columns {
            let Measured {
                mean,
                se,
                interval: range,
            } = column.growth;
            table.row([
                column.column.clone(),
                plain(mean),
                plain_or_none(se),
                range.map_or_else(none, interval),
            ]);
        }
        let curves: Vec<Chart> = self
            .dependence
            .iter()
            .filter_map(|d| dependence(d, positive))
            .collect();
        let mut section = Section::new("importance", "Importance")
            .with(
                "By how much the log loss of unseen rows grows if the values of a column are dealt to the wrong rows (Breiman \
                 2001). Columns that carry the same information share it, so that each may seem less important than it is.",
            )
            .with(chart)
            .with(table);
        if !curves.is_empty() {
            let text = "The mean probability if all rows had this value (Friedman 2001). It holds other columns as they are, so \
                        that it may describe rows that do not exist where columns go together.";
            section = section.with(part(
                "Partial dependence",
                vec![text.into(), Block::Charts(curves)],
            ));
        }
        section
    }
}
