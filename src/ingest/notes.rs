//! Summarises a load by column: warnings, faults, and columns that are absent or empty.

use std::sync::Arc;

use crate::schema::fault::{Fault, Problem};
use crate::schema::row::Purpose;
use crate::schema::{Notice, Row, Schema, WarningSummary};

/// Maximum number of distinct kinds of faults; further kinds only count as bad rows. The limit bounds the memory for a table
/// with many unknown column names.
const MOST_KINDS: usize = 1000;

/// Collects the notices and warnings that are reported at the end of a load. Its size does not depend on the
/// length of the source.
#[derive(Debug)]
pub(super) struct Notes {
    pub(super) purpose: Purpose,
    schema: Arc<Schema>,
    summary: WarningSummary,
    rows: u64,
    /// For each column of the schema: whether some part of the source has it.
    met: Vec<bool>,
    /// For each column of the schema: whether some row has a value in it.
    filled: Vec<bool>,
    /// Notices about the source as a whole, without duplicates.
    pub(super) notices: Vec<String>,
    /// Faults by column and problem: the number of rows with such a fault, and the first one.
    faults: Vec<(usize, Fault)>,
}

impl Notes {
    pub(super) fn new(schema: &Arc<Schema>, purpose: Purpose) -> Notes {
        let columns = schema.columns().len();
        Notes {
            purpose,
            schema: schema.clone(),
            summary: WarningSummary::default(),
            rows: 0,
            met: vec![false; columns],
            filled: vec![false; columns],
            notices: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Records a notice: a data-quality issue under its column, other information as text without duplicates.
    pub(super) fn notice(&mut self, notice: Notice) {
        told(notice, &mut self.notices, &mut self.summary);
    }

    pub(super) fn row(&mut self, row: &Row) {
        self.met(row);
        self.summary.add(&row.warnings);
        self.faults(&row.faults);
    }

    /// Records which columns a row has and which of them have a value.
    pub(super) fn met(&mut self, row: &Row) {
        self.rows += 1;
        for (met, seen) in self.met.iter_mut().zip(row.seen()) {
            *met |= seen;
        }
        for (filled, cell) in self.filled.iter_mut().zip(row.view().cells) {
            *filled |= !cell.is_missing();
        }
        for fault in row.faults.iter().filter(|f| f.problem != Problem::Missing) {
            let place = self.schema.columns().iter();
            if let Some(i) = place.into_iter().position(|c| c.name == fault.column) {
                (self.met[i], self.filled[i]) = (true, true);
            }
        }
    }

    /// Counts the faults of a row.
    pub(super) fn faults(&mut self, faults: &[Fault]) {
        for fault in faults {
            let same =
                |(_, f): &(usize, Fault)| f.column == fault.column && f.problem == fault.problem;
            match self.faults.iter().position(same) {
                Some(i) => self.faults[i].0 += 1,
                None if self.faults.len() < MOST_KINDS => self.faults.push((1, fault.clone())),
                None => continue,
            }
            let shown = serde_json::from_str(&fault.got).unwrap_or_else(|_| fault.got.clone());
            self.summary.note(&fault.column, fault.problem, 1, &shown);
        }
    }

    /// The most frequent fault, with the number of rows that have it; the first of several equally frequent ones.
    pub(super) fn commonest(&self) -> Option<(usize, Fault)> {
        let most = self.faults.iter().map(|(rows, _)| *rows).max()?;
        self.faults.iter().find(|(rows, _)| *rows == most).cloned()
    }

    /// The summary of the load.
    pub(super) fn finish(mut self) -> WarningSummary {
        if self.rows == 0 {
            return self.summary;
        }
        for (i, column) in self.schema.columns().iter().enumerate() {
            if !self.met[i] {
                self.summary
                    .note(&column.name, Problem::MissingColumn, self.rows, "");
            } else if !self.filled[i] {
                self.summary
                    .note(&column.name, Problem::AllMissing, self.rows, "");
            }
        }
        self.summary
    }
}

/// Records a notice: a data-quality issue under its column, other information as text without duplicates.
pub(super) fn told(notice: Notice, notices: &mut Vec<String>, warnings: &mut WarningSummary) {
    let Some(problem) = notice.problem else {
        if !notices.contains(&notice.text) {
            notices.push(notice.text);
        }
        return;
    };
    for example in &notice.examples {
        warnings.note(&notice.column, problem, 0, example);
    }
    warnings.note(&notice.column, problem, notice.rows, "");
}
