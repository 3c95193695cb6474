//! The columns of a table in the forms that statistics need, made once.

use rayon::prelude::*;

use crate::ingest::infer::{Observed, ObservedColumn, Values};
use crate::stats::association::contingency::{MISSING, binned};
use crate::stats::association::rank::Ranked;

/// Distinct numbers up to which each is a level of its own.
pub const FEW: u64 = 20;
/// Bins of numbers with more distinct values, where categories are needed.
const BINS: u32 = 10;

/// A table, column by column.
pub struct Views<'t> {
    pub table: &'t Observed,
    pub columns: Vec<View<'t>>,
    /// Rows of the sample.
    pub rows: usize,
    pub target: Option<TargetView<'t>>,
}

/// A column.
pub struct View<'t> {
    pub column: &'t ObservedColumn,
    /// The numbers, or the seconds of dates.
    pub numbers: Option<Ranked>,
    /// Levels, or numbers as levels or bins.
    pub codes: Vec<u32>,
    pub present: Vec<bool>,
    /// Rows of the sample with a value.
    pub known: u64,
    /// Distinct values within the sample.
    pub distinct: u64,
}

pub struct TargetView<'t> {
    pub column: usize,
    pub labels: &'t [Option<bool>],
    pub codes: Vec<u32>,
}

impl<'t> Views<'t> {
    pub fn of(table: &'t Observed) -> Views<'t> {
        let columns: Vec<View<'t>> = table.columns.par_iter().map(View::of).collect();
        let target = table.target.as_ref().map(|target| TargetView {
            column: target.column,
            labels: &target.labels,
            codes: target
                .labels
                .iter()
                .map(|label| label.map_or(MISSING, u32::from))
                .collect(),
        });
        Views {
            rows: columns.first().map_or(0, |c| c.present.len()),
            table,
            columns,
            target,
        }
    }

    /// The columns beside the target, with their index.
    pub fn features(&self) -> impl Iterator<Item = (usize, &View<'t>)> {
        let target = self.target.as_ref().map(|t| t.column);
        let columns = self.columns.iter().enumerate();
        columns.filter(move |(i, _)| Some(*i) != target)
    }
}

impl<'t> View<'t> {
    fn of(column: &'t ObservedColumn) -> View<'t> {
        let present = column.values.present();
        let known = present.iter().filter(|p| **p).count() as u64;
        let (numbers, codes, distinct) = match &column.values {
            Values::Numbers(values) | Values::Dates(values) => {
                let ranked = Ranked::of(values.clone());
                let sorted: Vec<f64> = ranked.sorted().collect();
                let mut distinct = sorted.clone();
                distinct.dedup();
                let codes = match distinct.len() as u64 <= FEW {
                    true => levels(values, &distinct),
                    false => binned(values, &sorted, BINS),
                };
                (Some(ranked), codes, distinct.len() as u64)
            }
            Values::Levels { names, codes } => (None, codes.clone(), names.len() as u64),
        };
        View {
            column,
            numbers,
            codes,
            present,
            known,
            distinct,
        }
    }

    pub fn name(&self) -> &str {
        &self.column.note.name
    }

    /// Text that hardly repeats, or numbers that name the rows: its levels say nothing about other columns.
    pub fn is_free(&self) -> bool {
        match self.numbers {
            Some(_) => self.names_rows(),
            None => self.distinct > FEW && self.distinct * 2 > self.known,
        }
    }

    /// Whole numbers of which no two are equal and which no model reads, as ids and row numbers.
    pub fn names_rows(&self) -> bool {
        let all_differ = self.known > FEW && self.distinct == self.known;
        all_differ && !self.column.note.used && self.is_whole()
    }

    pub fn is_constant(&self) -> bool {
        self.distinct == 1 && self.known > 0
    }

    pub fn is_whole(&self) -> bool {
        let whole = |ranked: &Ranked| ranked.sorted().all(|v| v.fract() == 0.0);
        self.numbers.as_ref().is_some_and(whole)
    }
}

fn levels(values: &[f64], distinct: &[f64]) -> Vec<u32> {
    let code = |value: &f64| match value.is_finite() {
        true => distinct.partition_point(|level| level < value) as u32,
        false => MISSING,
    };
    values.iter().map(code).collect()
}
