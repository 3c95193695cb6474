//! Checks of a training table and of the trained model's decisions. They report warnings, never errors.
//!
//! Every check is bounded in the rows or values that it compares, and costs far less than a fit. All checks are pure functions of
//! the table; nothing is random.

mod cells;
mod leakage;
mod repeated;
mod threshold;

use crate::features::Recipe;
use crate::schema::fault::Problem;
use crate::schema::{Table, WarningSummary};

/// Checks the table for unused columns, leaking columns and repeated rows, until it is `stopped`.
pub(super) fn table(
    table: &Table,
    labels: &[bool],
    recipe: &Recipe,
    stopped: &dyn Fn() -> bool,
    summary: &mut WarningSummary,
) {
    unused(table, recipe, summary);
    leakage::check(table, labels, summary);
    repeated::check(table, |i| is_used(recipe, i), stopped, summary);
}

/// Checks the model's decisions: `scores` are out-of-fold probabilities, `None` for a row that was not scored.
pub(super) fn decisions(
    target: &str,
    labels: &[bool],
    scores: &[Option<f64>],
    threshold: f64,
    summary: &mut WarningSummary,
) {
    threshold::check(target, labels, scores, threshold, summary);
}

fn is_used(recipe: &Recipe, column: usize) -> bool {
    let column = column as u32;
    recipe
        .features()
        .iter()
        .any(|f| f.sources.contains(&column))
}

fn unused(table: &Table, recipe: &Recipe, summary: &mut WarningSummary) {
    for (i, column) in table.schema().columns().iter().enumerate() {
        let said = summary
            .entries()
            .any(|w| w.column == column.name && w.problem == Problem::MissingColumn);
        if !is_used(recipe, i) && !said {
            summary.note(&column.name, Problem::UnusedColumn, table.len() as u64, "");
        }
    }
}
