//! Check for target leakage: columns that predict the target almost perfectly by themselves.

use rustc_hash::FxHashMap;

use super::cells::{MOST_ROWS, digest};
use crate::schema::fault::Problem;
use crate::schema::{Cell, Table, WarningSummary};
use crate::stats::auc;

/// Area under the ROC curve above which a column is reported; legitimate columns of real tables stay far below it.
const AREA: f64 = 0.98;

/// Minimum rows of each label; with fewer, a column can separate the labels by chance.
const LEAST: usize = 5;

/// Number of parts into which rows are dealt, so that a level's positive rate is computed without the row's own part.
const PARTS: usize = 5;

/// Reports every column whose area under the ROC curve (AUC) exceeds [`AREA`].
///
/// A numeric column is ranked against the target, in either direction. Every column is also tested by whether its cell is
/// filled. A level or a text is scored by the share of positive rows that the same value has in the other parts of the
/// table, so a value that occurs in a single row carries no information.
pub(super) fn check(table: &Table, labels: &[bool], summary: &mut WarningSummary) {
    let step = table.len().div_ceil(MOST_ROWS).max(1);
    let rows: Vec<usize> = (0..table.len()).step_by(step).collect();
    for (i, column) in table.schema().columns().iter().enumerate() {
        let cells: Vec<(Cell, bool)> = rows
            .iter()
            .map(|r| (table.cell(*r, i), labels[*r]))
            .collect();
        let (area, how) = best(&cells, table.text());
        if area > AREA {
            let detail = format!(
                "determines the target by itself{how}, AUC {area:.3}: leave the column out if it is not known before the outcome"
            );
            summary.say(&column.name, Problem::Leakage, table.len() as u64, detail);
        }
    }
}

/// The largest AUC of the column over its three scores, and a phrase that names the score.
fn best(cells: &[(Cell, bool)], text: &str) -> (f64, &'static str) {
    let filled = cells
        .iter()
        .map(|(cell, y)| (f64::from(u8::from(!cell.is_missing())), *y));
    let numbers = cells
        .iter()
        .filter_map(|(cell, y)| Some((cell.as_number()?, *y)));
    let words = cells
        .iter()
        .any(|(cell, _)| !cell.is_missing() && cell.as_number().is_none());
    [
        (area(filled.collect()), " by where it is filled"),
        (area(numbers.collect()), ""),
        (if words { area(rates(cells, text)) } else { 0.0 }, ""),
    ]
    .into_iter()
    .fold(
        (0.0, ""),
        |best, new| if new.0 > best.0 { new } else { best },
    )
}

fn area(mut rows: Vec<(f64, bool)>) -> f64 {
    let positives = rows.iter().filter(|(_, y)| *y).count();
    if positives.min(rows.len() - positives) < LEAST {
        return 0.0;
    }
    auc::area(&mut rows).map_or(0.0, |area| area.max(1.0 - area))
}

/// For each row, the share of positive rows among rows of the same value in the other parts, shrunk towards the overall share.
fn rates(cells: &[(Cell, bool)], text: &str) -> Vec<(f64, bool)> {
    #[derive(Clone, Copy, Default)]
    struct Count {
        rows: f64,
        positives: f64,
    }
    let mut counts: FxHashMap<u64, [Count; PARTS]> = FxHashMap::default();
    let keys: Vec<u64> = cells.iter().map(|(cell, _)| digest(*cell, text)).collect();
    for (n, ((_, y), key)) in cells.iter().zip(&keys).enumerate() {
        let count = &mut counts.entry(*key).or_default()[n % PARTS];
        count.rows += 1.0;
        count.positives += f64::from(u8::from(*y));
    }
    let positives = cells.iter().filter(|(_, y)| *y).count() as f64;
    let base = positives / cells.len() as f64;
    let rate = |(n, ((_, y), key)): (usize, (&(Cell, bool), &u64))| {
        let (mut rows, mut yes) = (1.0, base);
        let others = counts[key]
            .iter()
            .enumerate()
            .filter(|(part, _)| *part != n % PARTS);
        for (_, count) in others {
            rows += count.rows;
            yes += count.positives;
        }
        (yes / rows, *y)
    };
    cells.iter().zip(&keys).enumerate().map(rate).collect()
}
