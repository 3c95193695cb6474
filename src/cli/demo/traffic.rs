//! Traffic of the demo: the bundled table, shuffled and split once. The first part trains the first model; the other rows
//! are sent as traffic, each once, so that no model predicts its own training rows and no row is in both the
//! training and the test data.

use std::sync::Arc;

use anyhow::Context;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Map, Value, json};

use crate::ingest::Loaded;
use crate::schema::row::Purpose;
use crate::schema::{Cell, Row, Schema, Table, json as rows};

/// Shares of the table: training, steady traffic, shifted traffic until the retraining; the remaining rows come after it.
const PARTS: [f64; 3] = [0.30, 0.15, 0.35];

/// Share of the shifted rows that are moved into the segment.
const SHARE: f64 = 0.7;

/// Minimum share of rows for a level to be a segment: a rarer level may be absent from the first training.
const LEAST: f64 = 0.05;

/// One row to send and its label.
#[derive(Clone, Debug)]
pub struct Case {
    pub row: Value,
    /// Whether the target has its positive value.
    pub positive: bool,
}

/// All rows of the demo.
#[derive(Debug)]
pub struct Traffic {
    /// Training rows of the first model.
    pub learnt: Loaded,
    /// Rows distributed like the training rows.
    pub steady: Vec<Case>,
    /// Rows of the shifted population before the retraining.
    pub during: Vec<Case>,
    /// Rows of the shifted population after the retraining.
    pub after: Vec<Case>,
    /// Segment whose share and outcome shift.
    pub segment: Segment,
}

/// A segment of the population: the rows with one level of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    pub column: String,
    /// The level as it appears in a row.
    pub level: Value,
    /// Share of the segment in the table.
    pub share: f64,
}

impl Traffic {
    pub fn deal(table: &Table, seed: u64) -> anyhow::Result<Traffic> {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut order: Vec<usize> = (0..table.len()).collect();
        order.shuffle(&mut rng);
        let mut cases = order.iter().map(|n| case(table, *n));
        let mut part = |share: f64| -> Vec<Case> {
            let rows = (share * table.len() as f64).round() as usize;
            cases.by_ref().take(rows).collect()
        };
        let [learnt, steady, during] = PARTS.map(&mut part);
        let after = part(1.0);
        let segment = Segment::of(table)?;
        let mut shifted = |cases: Vec<Case>| {
            let shift = |case| segment.shift(case, rng.random_bool(SHARE));
            cases.into_iter().map(shift).collect()
        };
        Ok(Traffic {
            learnt: learn(table.schema(), &learnt)?,
            steady,
            during: shifted(during),
            after: shifted(after),
            segment,
        })
    }
}

impl Segment {
    /// The rarest level that has at least the minimum share: the model was trained on it, but on few rows.
    fn of(table: &Table) -> anyhow::Result<Segment> {
        let columns = table.schema().columns();
        let levels = columns.iter().enumerate().flat_map(|(at, column)| {
            (0..column.levels().len() as u32).map(move |level| (at, column, Cell::Level(level)))
        });
        let share = |at: usize, level: Cell| {
            let rows = table.column(at).filter(|cell| *cell == level).count();
            rows as f64 / table.len() as f64
        };
        let segments = levels.map(|(at, column, level)| Segment {
            column: column.name.clone(),
            level: json!(column.scalar(level, "")),
            share: share(at, level),
        });
        segments
            .filter(|segment| segment.share >= LEAST)
            .min_by(|a, b| a.share.total_cmp(&b.share))
            .context("the table has no column of kind category whose levels could shift")
    }

    /// The case in the shifted population: if `joins`, it is moved into the segment; inside the
    /// segment the outcome is inverted.
    fn shift(&self, mut case: Case, joins: bool) -> Case {
        if joins {
            case.row[&self.column] = self.level.clone();
        }
        case.positive ^= case.row[&self.column] == self.level;
        case
    }
}

/// Row `n` of a table as a case.
fn case(table: &Table, n: usize) -> Case {
    let mut cells = Vec::new();
    let row = table.row(n, &mut cells);
    let present = table.schema().columns().iter().zip(row.cells);
    let cells = present
        .filter(|(_, cell)| !cell.is_missing())
        .map(|(column, cell)| (column.name.clone(), json!(column.scalar(*cell, row.text))));
    Case {
        row: Value::Object(cells.collect::<Map<_, _>>()),
        positive: table.target(n) == Some(true),
    }
}

/// Converts the cases to a training table.
fn learn(schema: &Arc<Schema>, cases: &[Case]) -> anyhow::Result<Loaded> {
    let mut table = Table::new(schema.clone());
    let mut row = Row::new(schema, Purpose::Learn);
    let target = schema.target();
    for case in cases {
        let mut object = case.row.clone();
        object[&target.column] = json!(target.label(case.positive));
        row.clear();
        rows::line(schema, object.to_string().as_bytes(), &mut row)?;
        table.push(&row)?;
    }
    Ok(table.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Spec;

    fn dealt(seed: u64) -> Traffic {
        let spec = Spec::bundled();
        let table = crate::ingest::bundled(&spec.schema).unwrap().table;
        Traffic::deal(&table, seed).unwrap()
    }

    #[test]
    fn every_row_is_dealt_once_and_the_same_seed_deals_the_same() {
        let [one, same, other] = [7, 7, 8].map(dealt);
        let rows = |t: &Traffic| t.steady.len() + t.during.len() + t.after.len();
        assert_eq!(one.learnt.table.len() + rows(&one), 891);
        let text = |t: &Traffic| format!("{:?} {:?} {:?}", t.steady, t.during, t.after);
        assert_eq!(text(&one), text(&same));
        assert_ne!(text(&one), text(&other));
    }

    #[test]
    fn the_segment_grows_from_a_few_to_most() {
        let traffic = dealt(7);
        let segment = &traffic.segment;
        let share = |cases: &[Case]| {
            let inside = |case: &&Case| case.row[&segment.column] == segment.level;
            cases.iter().filter(inside).count() as f64 / cases.len() as f64
        };
        assert!(segment.share >= LEAST && segment.share < 0.2);
        assert!(share(&traffic.steady) < 0.25);
        assert!(share(&traffic.during) > 0.6 && share(&traffic.after) > 0.6);
    }
}
