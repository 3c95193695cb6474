//! Formats tables for people.

use comfy_table::{CellAlignment, Row, Table, presets};

use super::out::shown;
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

/// The table as text without trailing blanks; names and values of strangers in it are harmless. On a terminal that is
/// narrower, the columns that have no room follow below, beside the first one again.
pub fn text(table: &Table) -> String {
    fitted(table, table.width().map(usize::from))
}

fn fitted(table: &Table, width: Option<usize>) -> String {
    let cells =
        |row: &Row| -> Vec<String> { row.cell_iter().map(|cell| shown(&cell.content())).collect() };
    let header = table.header().map(cells).unwrap_or_default();
    let rows: Vec<Vec<String>> = table.row_iter().map(cells).collect();
    let widest = |i: usize| {
        let lengths = rows.iter().chain([&header]).filter_map(|row| row.get(i));
        lengths.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(widest).collect();
    let blocks: Vec<String> = blocks(&widths, width)
        .into_iter()
        .map(|columns| {
            let of = |row: &[String]| -> Vec<String> {
                columns
                    .iter()
                    .filter_map(|i| row.get(*i).cloned())
                    .collect()
            };
            let head = of(&header);
            let mut block = new(head.iter().map(String::as_str));
            rows.iter().for_each(|row| {
                block.add_row(of(row));
            });
            let text = block.to_string();
            text.lines()
                .map(str::trim_end)
                .collect::<Vec<_>>()
                .join("\n")
        })
        .collect();
    blocks.join("\n\n")
}

/// Blank columns between two columns.
const GAP: usize = 2;

/// Which columns stand beside each other within a width: the first one in each block, and at least one more.
fn blocks(widths: &[usize], most: Option<usize>) -> Vec<Vec<usize>> {
    let first = widths.first().copied().unwrap_or(0);
    let (mut blocks, mut taken) = (vec![vec![0]], first);
    for (i, width) in widths.iter().enumerate().skip(1) {
        let is_full = most.is_some_and(|most| taken + GAP + width > most);
        if is_full && blocks.last().is_some_and(|block| block.len() > 1) {
            blocks.push(vec![0]);
            taken = first;
        }
        if let Some(block) = blocks.last_mut() {
            block.push(i);
        }
        taken += GAP + width;
    }
    blocks
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_without_room_follow_below() {
        let mut table = new(["model", "role", "accuracy", "log loss"]);
        table.add_row(["m@1", "champion", "0.794±0.033", "0.446±0.035"]);
        table.add_row(["m@2\u{202e}", "retired", "0.770±0.025", "0.495±0.038"]);
        let wide = fitted(&table, None);
        assert_eq!(
            wide.lines().nth(1).unwrap(),
            "m@1          champion  0.794±0.033  0.446±0.035"
        );
        assert_eq!(fitted(&table, Some(80)), wide);
        assert_eq!(
            fitted(&table, Some(40)).lines().collect::<Vec<_>>(),
            [
                "model            role     accuracy",
                "m@1          champion  0.794±0.033",
                "m@2[U+202E]   retired  0.770±0.025",
                "",
                "model           log loss",
                "m@1          0.446±0.035",
                "m@2[U+202E]  0.495±0.038",
            ]
        );
        // However narrow, each column is there once.
        assert_eq!(blocks(&[5, 9, 9, 9], Some(1)), [[0, 1], [0, 2], [0, 3]]);
        assert_eq!(blocks(&[5], Some(1)), [[0]]);
    }
}
