//! Formats tables for people.

use comfy_table::{CellAlignment, Table, presets};

use crate::model::card::Figures;
use crate::stats::metric::METRICS;
use crate::stats::resampled::Estimate;

/// Creates a table with a header; the first column is left-aligned, the others right-aligned.
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

/// Column headers for all metrics.
pub fn metric_heads() -> impl Iterator<Item = &'static str> {
    METRICS.iter().map(|m| m.title)
}

/// The table as text without trailing blanks.
pub fn text(table: &Table) -> String {
    table
        .to_string()
        .lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
}

/// One cell per metric: mean ± standard error.
pub fn metric_cells(figures: &Figures) -> impl Iterator<Item = String> + '_ {
    METRICS.iter().map(|metric| estimate(figures.get(metric)))
}

/// Formats `0.853±0.011`, or a dash where the metric is undefined.
pub fn estimate(estimate: Option<Estimate>) -> String {
    match estimate {
        Some(Estimate { mean, se: Some(se) }) => format!("{mean:.3}±{se:.3}"),
        Some(Estimate { mean, .. }) => format!("{mean:.3}"),
        None => "–".to_owned(),
    }
}
