//! What the model relies on.

use serde::Serialize;

use super::data::part;
use super::facts::Facts;
use super::words::{Measured, interval, none, plain_or_none};
use crate::model::evaluation::{Dependence, DependencePoint, Evaluation};
use crate::report::chart::{Axis, Chart, Mark, bars, plain};
use crate::report::document::{Block, Section};
use crate::report::table::Table;

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
        let names = self
            .columns
            .iter()
            .take(BARS)
            .map(|c| c.column.clone())
            .collect();
        let growth: Vec<f64> = self
            .columns
            .iter()
            .take(BARS)
            .map(|c| c.growth.mean)
            .collect();
        let axis = Axis::from_zero("growth of the log loss").in_unit("nats per row");
        let chart = bars(
            "Permutation importance",
            Axis::names("", names),
            axis,
            &[("growth", &growth)],
        );
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
            .filter_map(|d| curve(d, positive))
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

/// A line over numbers, bars over levels.
fn curve(found: &Dependence, positive: &str) -> Option<Chart> {
    let axis = format!("probability of {positive}");
    let numbers: Vec<(f64, f64)> = found
        .points
        .iter()
        .filter_map(|p| Some((p.number?, p.probability)))
        .collect();
    let probabilities = found.points.iter().map(|p| p.probability);
    let (low, high) = probabilities.fold((f64::MAX, f64::MIN), |(a, b), p| (a.min(p), b.max(p)));
    let title = format!("Probability over {}", found.column);
    if numbers.len() > 1 {
        return Some(Chart {
            title,
            summary: format!(
                "Mean probability of {positive} over {}: from {} to {}.",
                found.column,
                plain(low),
                plain(high)
            ),
            x: Axis::number(&found.column),
            y: Axis::from_zero(axis),
            marks: vec![Mark::Line {
                series: "mean probability".into(),
                points: numbers,
                dashed: false,
            }],
        });
    }
    let name = |p: &DependencePoint| match (p.number, &p.level) {
        (Some(number), _) => plain(number),
        (None, Some(level)) => level.clone(),
        (None, None) => "missing".into(),
    };
    let names: Vec<String> = found.points.iter().map(name).collect();
    let values: Vec<f64> = found.points.iter().map(|p| p.probability).collect();
    let axes = (Axis::names(&found.column, names), Axis::from_zero(axis));
    (!values.is_empty()).then(|| bars(title, axes.0, axes.1, &[("mean probability", &values)]))
}
