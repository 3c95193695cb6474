//! Columns that know the target too well: they may be filled in after the outcome, or name it in other words.

use rayon::prelude::*;
use serde::Serialize;

use super::views::{View, Views};
use crate::ingest::infer::Values;
use crate::stats::association::contingency::MISSING;
use crate::stats::auc;

/// Area above which a column is suspected. `train` warns above 0.98; a look at the data may be more suspicious.
const AREA: f64 = 0.95;
/// Rows of each label below which a column can separate them by chance.
const LEAST: usize = 5;
/// Parts of the table; a level is scored by its rows in the other parts.
const PARTS: usize = 5;

/// A column suspected of leaking the target.
#[derive(Clone, Debug, Serialize)]
pub struct Leak {
    pub column: String,
    pub reason: String,
    /// Area under the ROC curve of the column alone.
    pub auc: f64,
}

/// The suspects, the most certain first.
pub fn leakage(views: &Views<'_>) -> Vec<Leak> {
    let Some(target) = &views.target else {
        return Vec::new();
    };
    let features: Vec<(usize, &View<'_>)> = views.features().collect();
    let mut found: Vec<Leak> = features
        .par_iter()
        .filter_map(|(_, view)| suspect(view, target.labels))
        .collect();
    found.sort_by(|a, b| {
        b.auc
            .total_cmp(&a.auc)
            .then_with(|| a.column.cmp(&b.column))
    });
    found
}

fn suspect(view: &View<'_>, labels: &[Option<bool>]) -> Option<Leak> {
    let labelled = || {
        labels
            .iter()
            .enumerate()
            .filter_map(|(row, y)| Some((row, (*y)?)))
    };
    let filled = area(labelled().map(|(row, y)| (f64::from(u8::from(view.present[row])), y)));
    let values = view.numbers.as_ref().map(|ranked| ranked.values());
    let ranked = values.and_then(|values| {
        let known = labelled().filter(|(row, _)| values[*row].is_finite());
        area(known.map(|(row, y)| (values[row], y)))
    });
    let is_level = matches!(view.column.values, Values::Levels { .. });
    let levels = is_level
        .then(|| area(rates(&view.codes, labels).into_iter()))
        .flatten();
    let most = [filled, ranked, levels]
        .into_iter()
        .flatten()
        .fold(0.0, f64::max);
    if most < AREA {
        return None;
    }
    let by = |found: Option<f64>| found == Some(most);
    let reason = match () {
        () if by(filled) => {
            "whether it is filled in tells the target: it looks as if it were written after the outcome"
        }
        () if by(levels) && view.distinct == 2 => "its two values are the target in other words",
        () if by(levels) => "its levels alone tell the target",
        () if view.names_rows() => "the rows are in the order of the target, and it numbers them",
        () => "a threshold on it alone separates the labels",
    };
    Some(Leak {
        column: view.name().to_owned(),
        reason: reason.into(),
        auc: most,
    })
}

/// The area in the better direction; `None` with too few rows of a label.
fn area(rows: impl Iterator<Item = (f64, bool)>) -> Option<f64> {
    let mut rows: Vec<(f64, bool)> = rows.collect();
    let positives = rows.iter().filter(|(_, y)| *y).count();
    if positives.min(rows.len() - positives) < LEAST {
        return None;
    }
    auc::area(&mut rows).map(|area| area.max(1.0 - area))
}

/// Each row with a level by the share of positive rows that its level has in the other parts of the table.
fn rates(codes: &[u32], labels: &[Option<bool>]) -> Vec<(f64, bool)> {
    let levels = codes.iter().filter(|c| **c != MISSING).max();
    let levels = levels.map_or(0, |most| *most as usize + 1);
    // [rows, positive rows] of each level, in all parts and in each.
    let mut all = vec![[0.0_f64; 2]; levels];
    let mut parts = vec![[0.0_f64; 2]; levels * PARTS];
    let known = || {
        let rows = codes.iter().zip(labels).enumerate();
        rows.filter(|(_, (code, _))| **code != MISSING)
            .filter_map(|(row, (code, y))| Some((row % PARTS, *code as usize, (*y)?)))
    };
    let mut total = [0.0_f64; 2];
    for (part, code, y) in known() {
        let y = f64::from(u8::from(y));
        for counts in [&mut all[code], &mut parts[code * PARTS + part], &mut total] {
            counts[0] += 1.0;
            counts[1] += y;
        }
    }
    let base = total[1] / f64::max(total[0], 1.0);
    known()
        .map(|(part, code, y)| {
            let (all, own) = (all[code], parts[code * PARTS + part]);
            ((all[1] - own[1] + base) / (all[0] - own[0] + 1.0), y)
        })
        .collect()
}
