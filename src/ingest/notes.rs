//! What is to be said of a load by column: warnings and faults summed up, columns that are not there or hold nothing.

use std::sync::Arc;

use crate::schema::fault::{Fault, Problem};
use crate::schema::row::Purpose;
use crate::schema::{Notice, Row, Schema, WarningSummary};

/// Kinds of faults that are told apart; beyond them faults still count as rows. A table of unknown names must not fill the
/// memory.
const MOST_KINDS: usize = 1000;

/// Collects what is said at the end. Bounded, however long the source is.
#[derive(Debug)]
pub(super) struct Notes {
    /// What the rows are read for.
    pub(super) purpose: Purpose,
    schema: Arc<Schema>,
    summary: WarningSummary,
    rows: u64,
    /// Columns that are somewhere in the source, in the schema's order.
    met: Vec<bool>,
    /// Columns that have a value in some row.
    filled: Vec<bool>,
    /// Notices about the source as a whole, each once.
    pub(super) notices: Vec<String>,
    /// Faults by column and problem: how many rows have one, and the first.
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

    /// Keeps a notice: an issue under its column, information under its text, each once.
    pub(super) fn notice(&mut self, notice: Notice) {
        told(notice, &mut self.notices, &mut self.summary);
    }

    /// Counts a row, good or bad.
    pub(super) fn row(&mut self, row: &Row) {
        self.met(row);
        self.summary.add(&row.warnings);
        self.faults(&row.faults);
    }

    /// Notes which columns a row has, and which of them hold something.
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

    /// The commonest fault, with how many rows have it; of equals the first.
    pub(super) fn commonest(&self) -> Option<(usize, Fault)> {
        let most = self.faults.iter().map(|(rows, _)| *rows).max()?;
        self.faults.iter().find(|(rows, _)| *rows == most).cloned()
    }

    /// What there is to say.
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

/// Keeps a notice: an issue under its column, information under its text, each once.
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
