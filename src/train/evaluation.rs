//! The evaluation of the chosen model from its cross-validation.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;

use super::cross_validate::{Permuted, Plan};
use crate::kernel::Calibration;
use crate::model::evaluation::{
    CalibrationBin, Cut, Dependence, DependencePoint, Evaluation, FoldMetric, Group, HardRow,
    Importance,
};
use crate::model::{Model, Workspace};
use crate::schema::column::Kind;
use crate::schema::{Cell, Table};
use crate::stats::interval::Interval;
use crate::stats::resampled::Estimate;
use crate::stats::scores::{base_rate_log_loss, log_loss};

/// Confidence of intervals.
const CONFIDENCE: f64 = 0.95;
const BINS: usize = 10;
const MOST_CUTS: usize = 200;
/// Rows of the table that partial dependence averages over, and values of a column.
const DEPENDENCE_ROWS: usize = 200;
const DEPENDENCE_VALUES: usize = 15;
/// Groups and rows listed, and the least rows of a group.
const GROUPS: usize = 12;
const HARDEST: usize = 12;
const LEAST_ROWS: u64 = 20;
/// Levels of a column that are groups of their own, and ranges of a number.
const MOST_LEVELS: usize = 20;
const RANGES: usize = 4;

/// The cross-validation of the chosen learner.
pub(super) struct Validated<'a> {
    pub table: &'a Table,
    pub labels: &'a [bool],
    pub plan: &'a Plan,
    /// Calibrated out-of-fold probabilities of the first repeat.
    pub scores: &'a [Option<f64>],
    pub folds: Vec<FoldMetric>,
    pub permuted: &'a [Permuted],
    pub calibration: &'a Calibration,
    pub seed: u64,
}

/// Evaluates a model; `model` is fitted on all rows.
pub(super) fn of(validated: &Validated<'_>, model: &Model) -> Evaluation {
    let mut tested: Vec<(usize, f64, bool)> = validated
        .scores
        .iter()
        .enumerate()
        .filter_map(|(i, p)| Some((i, (*p)?, validated.labels[i])))
        .collect();
    tested.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    Evaluation {
        rows: tested.len() as u64,
        positives: tested.iter().filter(|row| row.2).count() as u64,
        cuts: cuts(&tested),
        calibration: calibration(&tested),
        folds: validated.folds.clone(),
        importance: importance(validated),
        dependence: dependence(validated, model),
        groups: groups(validated.table, &tested),
        hardest: hardest(validated.table, &tested),
    }
}

/// Decisions at the distinct probabilities, or at as many of their quantiles as are kept.
fn cuts(rising: &[(usize, f64, bool)]) -> Vec<Cut> {
    let (mut tp, mut fp) = (0, 0);
    let mut all: Vec<Cut> = Vec::new();
    for (_, threshold, positive) in rising.iter().rev() {
        match positive {
            true => tp += 1,
            false => fp += 1,
        }
        let cut = Cut {
            threshold: *threshold,
            true_positives: tp,
            false_positives: fp,
        };
        match all.last_mut() {
            Some(last) if last.threshold == *threshold => *last = cut,
            _ => all.push(cut),
        }
    }
    let step = all.len().div_ceil(MOST_CUTS).max(1);
    let last = all.len().saturating_sub(1);
    let keep = |i: &usize| i.is_multiple_of(step) || *i == last;
    (0..all.len()).filter(keep).map(|i| all[i]).collect()
}

/// Bins of about equal size; rows of one probability are in one bin.
fn calibration(rising: &[(usize, f64, bool)]) -> Vec<CalibrationBin> {
    let bins = BINS.min(rising.len() / 5).max(1);
    let mut found: Vec<CalibrationBin> = Vec::new();
    let mut from = 0;
    for bin in 1..=bins {
        let mut to = (rising.len() * bin / bins).max(from);
        while to > 0 && to < rising.len() && rising[to].1 == rising[to - 1].1 {
            to += 1;
        }
        let rows = &rising[from..to];
        let positives = rows.iter().filter(|row| row.2).count() as u64;
        let n = rows.len() as u64;
        if let Some(interval) = Interval::wilson(positives, n, CONFIDENCE) {
            found.push(CalibrationBin {
                predicted: rows.iter().map(|row| row.1).sum::<f64>() / n as f64,
                observed: positives as f64 / n as f64,
                interval,
                rows: n,
            });
        }
        from = to;
    }
    found
}

/// Growth of the log loss for each permuted column, over the folds of the first repeat.
fn importance(validated: &Validated<'_>) -> Vec<Importance> {
    let (rows, folds) = (validated.labels.len() as f64, validated.plan.folds as f64);
    let loss = |of: &[f64], rows: &[usize]| {
        let one = |(p, i): (&f64, &usize)| {
            log_loss(validated.calibration.apply(*p), validated.labels[*i])
        };
        of.iter().zip(rows).map(one).sum::<f64>() / rows.len() as f64
    };
    let columns = validated.table.schema().columns();
    let of_column = |(c, column): (usize, &crate::schema::Column)| {
        let in_fold = |fold: &Permuted| {
            if fold.rows.is_empty() {
                return None; // fewer groups than folds
            }
            let scores = &fold.columns.iter().find(|(of, _)| *of == c)?.1;
            Some(loss(scores, &fold.rows) - loss(&fold.intact, &fold.rows))
        };
        let values: Vec<f64> = validated.permuted.iter().filter_map(in_fold).collect();
        let test = rows / folds;
        Some(Importance {
            column: column.name.clone(),
            growth: Estimate::resampled(&values, test / (rows - test))?,
        })
    };
    let mut found: Vec<Importance> = columns.iter().enumerate().filter_map(of_column).collect();
    found.sort_by(|a, b| b.growth.mean.total_cmp(&a.growth.mean));
    found
}

fn dependence(validated: &Validated<'_>, model: &Model) -> Vec<Dependence> {
    let table = validated.table;
    let mut rows: Vec<usize> = (0..table.len()).collect();
    rows.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(validated.seed));
    rows.truncate(DEPENDENCE_ROWS);
    let mut work = Workspace::default();
    let read = model.columns_read();
    let columns = table.schema().columns().iter().enumerate();
    columns
        .filter(|(c, column)| read.contains(c) && !matches!(column.kind, Kind::Text))
        .map(|(c, column)| {
            let mut cells = Vec::new();
            let mut mean = |value: Cell| {
                let mut sum = 0.0;
                for row in &rows {
                    let row = table.row_with(*row, (c, value), &mut cells);
                    sum += model.probability(row, &mut work);
                }
                sum / rows.len() as f64
            };
            let points = grid(table, c).into_iter().map(|value| DependencePoint {
                number: value.as_number(),
                level: level_text(table, c, value),
                probability: mean(value),
            });
            Dependence {
                column: column.name.clone(),
                points: points.collect(),
            }
        })
        .collect()
}

/// Values of a column: quantiles of numbers, or its most frequent levels; a missing value last, if there are any.
fn grid(table: &Table, column: usize) -> Vec<Cell> {
    let cells = || table.column(column);
    let mut numbers: Vec<f64> = cells().filter_map(|cell| cell.as_number()).collect();
    let mut found: Vec<Cell> = if numbers.is_empty() {
        let levels = frequent(table, column);
        levels
            .into_iter()
            .map(|(cell, _)| cell)
            .take(DEPENDENCE_VALUES)
            .collect()
    } else {
        numbers.sort_by(f64::total_cmp);
        let last = numbers.len() - 1;
        let at = |i: usize| numbers[last * i / (DEPENDENCE_VALUES - 1)];
        let mut values: Vec<f64> = (0..DEPENDENCE_VALUES).map(at).collect();
        values.dedup();
        values.into_iter().map(Cell::number).collect()
    };
    if cells().any(|cell| cell.is_missing()) {
        found.push(Cell::Missing);
    }
    found
}

/// Levels or texts of a column with their numbers of rows, most frequent first. Levels that the spec lists keep its order.
fn frequent(table: &Table, column: usize) -> Vec<(Cell, u64)> {
    let mut counts: indexmap::IndexMap<String, (Cell, u64)> = indexmap::IndexMap::new();
    for cell in table.column(column) {
        if let Some(text) = level_text(table, column, cell) {
            counts.entry(text).or_insert((cell, 0)).1 += 1;
        }
    }
    let mut found: Vec<(Cell, u64)> = counts.into_values().collect();
    match table.schema().columns()[column].kind {
        Kind::Category { ref levels } if !levels.is_open() => {
            found.sort_by_key(|(cell, _)| cell.as_level());
        }
        _ => found.sort_by_key(|(_, rows)| std::cmp::Reverse(*rows)), // stable: first seen first
    }
    found
}

fn level_text(table: &Table, column: usize, cell: Cell) -> Option<String> {
    match cell {
        Cell::Level(level) => table.schema().columns()[column]
            .levels()
            .get(level as usize)
            .cloned(),
        Cell::Text(span) => Some(span.get(table.text()).to_owned()),
        _ => None,
    }
}

/// The groups whose log loss exceeds most, in sum over their rows, what their own base rate would have cost or who are
/// predicted furthest from what came, by standard errors.
fn groups(table: &Table, tested: &[(usize, f64, bool)]) -> Vec<Group> {
    let mut found: Vec<(f64, Group)> = Vec::new();
    for (c, column) in table.schema().columns().iter().enumerate() {
        if matches!(column.kind, Kind::Text) {
            continue;
        }
        for (values, rows) in parts(table, c, tested) {
            let n = rows.len() as u64;
            if n < LEAST_ROWS {
                continue;
            }
            let positives = rows.iter().filter(|row| row.2).count() as u64;
            let predicted = rows.iter().map(|row| row.1).sum::<f64>() / n as f64;
            let spread: f64 = rows.iter().map(|row| row.1 * (1.0 - row.1)).sum();
            let gap = (positives as f64 - predicted * n as f64).abs() / spread.sqrt().max(1e-9);
            let group = Group {
                column: column.name.clone(),
                values,
                rows: n,
                predicted,
                observed: positives as f64 / n as f64,
                log_loss: rows.iter().map(|row| log_loss(row.1, row.2)).sum::<f64>() / n as f64,
                base_log_loss: base_rate_log_loss(positives, n),
            };
            found.push((gap, group));
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.truncate(GROUPS);
    found.into_iter().map(|(_, group)| group).collect()
}

type Tested = (usize, f64, bool);

/// Rows by the values of a column: its frequent levels, or quarters of its numbers, and the rows without a value.
fn parts(table: &Table, column: usize, tested: &[Tested]) -> Vec<(String, Vec<Tested>)> {
    let cell = |row: &Tested| table.cell(row.0, column);
    let with = |keep: &dyn Fn(Cell) -> bool| -> Vec<Tested> {
        tested
            .iter()
            .filter(|row| keep(cell(row)))
            .copied()
            .collect()
    };
    let mut numbers: Vec<f64> = tested
        .iter()
        .filter_map(|row| cell(row).as_number())
        .collect();
    numbers.sort_by(f64::total_cmp);
    let mut found = Vec::new();
    if numbers.is_empty() {
        for (level, _) in frequent(table, column).into_iter().take(MOST_LEVELS) {
            let text = level_text(table, column, level).unwrap_or_default();
            let is_it = |cell: Cell| level_text(table, column, cell).as_deref() == Some(&text);
            let rows = with(&is_it);
            found.push((text, rows));
        }
    } else {
        let at = |i: usize| numbers[(numbers.len() - 1) * i / RANGES];
        let mut edges: Vec<f64> = (0..=RANGES).map(at).collect();
        edges.dedup();
        if edges.len() == 1 {
            edges.push(edges[0]);
        }
        let last = edges.len() - 2;
        for (i, pair) in edges.windows(2).enumerate() {
            let is_in = |x: f64| x >= pair[0] && (x < pair[1] || (i == last && x <= pair[1]));
            let rows = with(&|cell| cell.as_number().is_some_and(is_in));
            found.push((format!("{} to {}", pair[0], pair[1]), rows));
        }
    }
    found.push(("missing".into(), with(&|cell| cell.is_missing())));
    found
}

fn hardest(table: &Table, tested: &[Tested]) -> Vec<HardRow> {
    let mut rows: Vec<&Tested> = tested.iter().collect();
    let loss = |row: &Tested| log_loss(row.1, row.2);
    rows.sort_by(|a, b| loss(b).total_cmp(&loss(a)).then(a.0.cmp(&b.0)));
    rows.truncate(HARDEST);
    let hard = |row: &Tested| HardRow {
        row: row.0 as u64 + 1,
        id: crate::schema::own_id::key(table.id(row.0), table.text()),
        probability: row.1,
        is_positive: row.2,
    };
    rows.into_iter().map(hard).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Material, Request, Unwatched, train};
    use super::*;
    use crate::ingest;
    use crate::model::Spec;
    use crate::schema::WarningSummary;

    #[test]
    fn the_evaluation_is_of_the_rows_out_of_fold_and_outlives_the_table() {
        let spec = Spec::bundled();
        let table = ingest::bundled(&spec.schema).unwrap().table;
        let material = Material {
            table: &table,
            read: table.len(),
            left_out: 0,
            name: "t".into(),
            warnings: WarningSummary::default(),
        };
        let request = Request {
            learner: Some("logistic".into()),
            folds: 5,
            repeats: 2,
            seed: 7,
            threads: 2,
            limits: Default::default(),
        };
        let trained = train(&spec, &material, &request, &Unwatched).unwrap();
        let evaluation = trained.model.card().evaluation.clone().unwrap();
        let labels = table.labels();
        let scores: Vec<f64> = trained.out_of_fold.iter().map(|p| p.unwrap()).collect();

        assert_eq!(evaluation.rows, labels.len() as u64);
        for cut in &evaluation.cuts {
            let called = |wanted: bool| {
                let rows = scores.iter().zip(&labels);
                rows.filter(|(p, y)| **p >= cut.threshold && **y == wanted)
                    .count() as u64
            };
            assert_eq!(
                (cut.true_positives, cut.false_positives),
                (called(true), called(false))
            );
        }
        let last = evaluation.cuts.last().unwrap();
        assert_eq!(last.true_positives, evaluation.positives);
        assert_eq!(last.true_positives + last.false_positives, evaluation.rows);
        assert!(evaluation.cuts.len() <= MOST_CUTS + 1);

        let bins = &evaluation.calibration;
        assert_eq!(
            bins.iter().map(|bin| bin.rows).sum::<u64>(),
            evaluation.rows
        );
        assert!(
            bins.windows(2)
                .all(|pair| pair[0].predicted < pair[1].predicted)
        );
        assert!(
            bins.iter()
                .all(|b| b.interval.low <= b.observed && b.observed <= b.interval.high)
        );

        assert_eq!(evaluation.folds[0].values.len(), 10);
        // A permuted column makes the model worse where it tells the outcome, beyond doubt for the first.
        let first = &evaluation.importance[0].growth;
        assert!(first.mean > 2.0 * first.se.unwrap(), "{first:?}");
        let growths = || evaluation.importance.iter().map(|i| i.growth.mean);
        assert!(growths().is_sorted_by(|a, b| a >= b));

        let hardest = &evaluation.hardest[0];
        let loss = |i: usize| log_loss(scores[i], labels[i]);
        let most = (0..labels.len()).map(loss).fold(0.0, f64::max);
        assert_eq!(loss(hardest.row as usize - 1), most);

        let bytes = trained.model.to_bytes().unwrap();
        let opened = Model::from_bytes(&bytes).unwrap();
        assert_eq!(opened.card().evaluation.as_deref(), Some(&*evaluation));
        let threads = Request {
            threads: 1,
            limits: Default::default(),
            ..request
        };
        let again = train(&spec, &material, &threads, &Unwatched).unwrap();
        assert_eq!(again.model.to_bytes().unwrap(), bytes);
    }

    #[test]
    fn rows_of_one_probability_share_a_cut_and_a_bin() {
        let rows: Vec<Tested> = (0..40)
            .map(|i| (i, if i < 30 { 0.25 } else { 0.75 }, i % 3 == 0))
            .collect();
        let cuts = cuts(&rows);
        assert_eq!(
            cuts.iter().map(|cut| cut.threshold).collect::<Vec<_>>(),
            [0.75, 0.25]
        );
        assert_eq!((cuts[0].true_positives, cuts[0].false_positives), (4, 6));
        let bins = calibration(&rows);
        assert_eq!(
            bins.iter().map(|bin| bin.rows).collect::<Vec<_>>(),
            [30, 10]
        );
    }
}
