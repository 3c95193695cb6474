//! Formats tables for people.

use comfy_table::{Cell, CellAlignment, ColumnConstraint, Row, Table, Width, presets};
use unicode_width::UnicodeWidthStr;

use super::out::shown;
use super::short::shortened;
use crate::model::card::Figures;
use crate::report::visible;
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

/// Marks a column whose cells are sentences: they are never shortened, and broken into lines where they have no room.
pub fn sentences(table: &mut Table, column: usize) {
    if let Some(column) = table.column_mut(column) {
        column.set_constraint(ColumnConstraint::ContentWidth);
        column.set_cell_alignment(CellAlignment::Left);
    }
}

/// The table as text without trailing blanks; names and values of strangers in it are harmless. On a terminal that is
/// narrower, long names are shortened in their middle, and the columns that have no room follow below, beside the first one
/// again. Output that goes elsewhere is whole.
pub fn text(table: &Table) -> String {
    fitted(table, table.width().map(usize::from))
}

fn fitted(table: &Table, width: Option<usize>) -> String {
    let is_sentences: Vec<bool> = table
        .column_iter()
        .map(|column| column.constraint() == Some(&ColumnConstraint::ContentWidth))
        .collect();
    let is_sentence = |i: usize| is_sentences.get(i).copied().unwrap_or(false);
    let cells = |row: &Row| -> Vec<String> {
        let text = |(i, cell): (usize, &Cell)| match width.is_some() && !is_sentence(i) {
            true => visible(&cell.content()).into_owned(), // shortened below
            false => shown(&cell.content()),
        };
        row.cell_iter().enumerate().map(text).collect()
    };
    let mut header = table.header().map(cells).unwrap_or_default();
    let mut rows: Vec<Vec<String>> = table.row_iter().map(cells).collect();
    let widest = |i: usize| {
        let all = rows.iter().chain([&header]).filter_map(|row| row.get(i));
        all.map(|cell| cell.width()).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..header.len()).map(widest).collect();
    if let Some(most) = width {
        let names: Vec<bool> = (0..widths.len()).map(|i| !is_sentence(i)).collect();
        let limits = limits(&widths, &names, most);
        for row in rows.iter_mut().chain([&mut header]) {
            for (i, cell) in row.iter_mut().enumerate().filter(|(i, _)| names[*i]) {
                *cell = shortened(cell, limits[i]);
            }
        }
        for (width, limit) in widths.iter_mut().zip(limits) {
            *width = limit.min(*width);
        }
    }
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
            for (place, i) in columns.iter().enumerate() {
                if is_sentence(*i) {
                    sentences(&mut block, place);
                    let taken: usize = columns[..place].iter().map(|i| widths[*i] + GAP).sum();
                    let room = width.map(|most| most.saturating_sub(taken).max(LEAST) + GAP);
                    let bound = room.and_then(|room| u16::try_from(room).ok());
                    if let (Some(column), Some(bound)) = (block.column_mut(place), bound) {
                        column.set_constraint(ColumnConstraint::UpperBoundary(Width::Fixed(bound)));
                    }
                }
            }
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

/// Width below which no name is shortened: its ends would no longer tell it from others.
const LEAST: usize = 24;

/// The widths to which names are shortened: as little as makes the table fit beside its other columns, and if that cannot be,
/// so far that any two columns do.
fn limits(widths: &[usize], names: &[bool], most: usize) -> Vec<usize> {
    let gaps = GAP * widths.len().saturating_sub(1);
    let capped = |cap: usize| -> Vec<usize> {
        let cap = |(width, is_name): (&usize, &bool)| match is_name {
            true => (*width).min(cap),
            false => *width,
        };
        widths.iter().zip(names).map(cap).collect()
    };
    let fits = |widths: &Vec<usize>| widths.iter().sum::<usize>() + gaps <= most;
    let all = (LEAST..=most).rev().map(capped).find(fits);
    all.unwrap_or_else(|| capped(LEAST.max(most.saturating_sub(GAP) / 2)))
}

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

    #[test]
    fn long_names_lose_their_middle_on_a_terminal_alone() {
        let name = format!("begin{}end", "x".repeat(200));
        let wide = "列".repeat(60);
        let mut table = new(["column", "drift", "p"]);
        table.add_row([&name, "yes", "0.001"]);
        table.add_row([&wide, "no", "0.500"]);
        assert!(
            fitted(&table, None).contains(&name[..199]),
            "whole in a pipe"
        );
        assert!(fitted(&table, None).contains(&wide));
        let narrow = fitted(&table, Some(80));
        let lines: Vec<&str> = narrow.lines().collect();
        assert_eq!(lines.len(), 3, "{narrow}");
        for line in &lines {
            assert!(line.width() <= 80, "{line}");
        }
        assert!(lines[1].starts_with("beginxxx") && lines[1].contains("xxend "));
        assert!(lines[1].ends_with("yes  0.001") && lines[2].ends_with("no  0.500"));
        assert!(lines[2].starts_with("列") && lines[2].contains('…'));
    }

    #[test]
    fn sentences_are_broken_into_lines_and_never_shortened() {
        let mut table = new(["id", "reason"]);
        sentences(&mut table, 1);
        let reason = "the value is outside the range of the spec, which allows 0 to 20";
        table.add_row(["01a22d70", reason]);
        let narrow = fitted(&table, Some(40));
        let said: Vec<&str> = narrow
            .lines()
            .skip(1)
            .map(|line| line[8..].trim())
            .collect();
        assert_eq!(said.join(" "), reason);
        assert!(narrow.lines().all(|line| line.width() <= 40), "{narrow}");
        assert_eq!(fitted(&table, Some(100)).lines().count(), 2);
    }
}
