//! A whole source as one table in memory, for training and answering.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::fault::ReadFault;
use super::source::{Rows, SourceRow};
use crate::schema::fault::Fault;
use crate::schema::table::TooMuchText;
use crate::schema::{Notice, Schema, Table, WarningSummary};

/// Bad rows that are kept to be shown; beyond them only the count goes on.
const MOST_SHOWN: usize = 1000;

/// A row that was left out.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct BadRow {
    /// Line in the file (the header is line 1); for JSON lists and Parquet the number of the row, from 1.
    pub line: u64,
    /// Column, where one is to blame.
    pub column: Option<String>,
    /// The value as it came.
    pub value: String,
    /// What is wrong and what to do.
    pub reason: String,
}

impl std::fmt::Display for BadRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// The bad rows in a row's faults: one entry a fault.
pub fn bad_rows(line: u64, faults: &[Fault]) -> impl Iterator<Item = BadRow> + '_ {
    faults.iter().map(move |fault| BadRow {
        line,
        column: Some(fault.column.clone()).filter(|c| !c.is_empty()),
        value: fault.got.clone(),
        reason: fault.to_string(),
    })
}

/// A table that was read, and what was left out of it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The good rows.
    pub table: Table,
    /// The first bad rows.
    pub bad: Vec<BadRow>,
    /// All bad rows.
    pub left_out: usize,
    /// Rows read, good and bad.
    pub read: usize,
    /// What is worth telling of the table as a whole, each once.
    pub notices: Vec<String>,
    /// Numbers of text that would mean something else under the other decimal sign.
    pub dialect_warnings: WarningSummary,
}

/// Keeps a notice: a trouble by its column, what is merely told by its text, each once.
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

/// Collects rows.
pub(super) struct Collector {
    loaded: Loaded,
    strict: bool,
    full: Option<TooMuchText>,
    name: String,
}

impl Collector {
    pub(super) fn new(schema: &Arc<Schema>, strict: bool) -> Collector {
        let loaded = Loaded {
            table: Table::new(schema.clone()),
            bad: Vec::new(),
            left_out: 0,
            read: 0,
            notices: Vec::new(),
            dialect_warnings: WarningSummary::default(),
        };
        Collector {
            loaded,
            strict,
            full: None,
            name: String::new(),
        }
    }

    pub(super) fn finish(mut self) -> Result<Loaded, ReadFault> {
        match self.full {
            Some(full) => Err(full.into()),
            None if self.strict && !self.loaded.bad.is_empty() => Err(ReadFault::Strict {
                name: self.name,
                bad: self.loaded.bad.swap_remove(0),
            }),
            None => Ok(self.loaded),
        }
    }
}

impl Rows for Collector {
    fn begin(&mut self, name: &str) -> ControlFlow<()> {
        name.clone_into(&mut self.name);
        ControlFlow::Continue(())
    }

    fn notice(&mut self, notice: Notice) {
        told(
            notice,
            &mut self.loaded.notices,
            &mut self.loaded.dialect_warnings,
        );
    }

    fn row(&mut self, SourceRow { line, row }: SourceRow<'_>) -> ControlFlow<()> {
        self.loaded.read += 1;
        let faults = match row {
            Ok(row) if row.faults.is_empty() => {
                self.full = self.loaded.table.push(row).err();
                return match self.full {
                    Some(_) => ControlFlow::Break(()),
                    None => ControlFlow::Continue(()),
                };
            }
            Ok(row) => std::mem::take(&mut row.faults),
            Err(fault) => vec![fault],
        };
        self.loaded.left_out += 1;
        let room = MOST_SHOWN.saturating_sub(self.loaded.bad.len());
        self.loaded.bad.extend(bad_rows(line, &faults).take(room));
        match self.strict {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}
