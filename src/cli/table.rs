//! Tables for people.

use comfy_table::{CellAlignment, Table, presets};

use crate::model::card::Figures;
use crate::stats::metric::METRICS;
use crate::stats::resampled::Estimate;

/// A table with a header, the first column to the left and the others to the right.
pub fn new<'a>(header: impl IntoIterator<Item = &'a str>) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(header.into_iter().collect::<Vec<_>>());
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        column.set_cell_alignment(if i == 0 {
            CellAlignment::Left
        } else {
            CellAlignment::Right
        });
    }
    table
}

/// Names of all metrics as column heads.
pub fn metric_heads() -> impl Iterator<Item = &'static str> {
    METRICS.iter().map(|m| m.title)
}

/// A table as text, without blanks at line ends.
pub fn text(table: &Table) -> String {
    table
        .to_string()
        .lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
}

/// One cell a metric: mean ± standard error.
pub fn metric_cells(figures: &Figures) -> impl Iterator<Item = String> + '_ {
    METRICS.iter().map(|metric| estimate(figures.get(metric)))
}

/// `0.853±0.011`, or a dash where it is undefined.
pub fn estimate(estimate: Option<Estimate>) -> String {
    match estimate {
        Some(Estimate { mean, se: Some(se) }) => format!("{mean:.3}±{se:.3}"),
        Some(Estimate { mean, .. }) => format!("{mean:.3}"),
        None => "–".to_owned(),
    }
}
