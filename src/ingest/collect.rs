//! Loads a whole source into one table in memory, for training and prediction.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::error::ReadError;
use super::notes::Notes;
use super::rows::{Rows, SourceRow};
use crate::schema::fault::{Fault, Problem};
use crate::schema::row::Purpose;
use crate::schema::table::TooMuchTextError;
use crate::schema::{LeftOut, Notice, Row, Schema, Table, Warning, WarningSummary};

/// Maximum number of faults that are stored for display; further bad rows are only counted.
const MOST_SHOWN: usize = 1000;

/// A loaded table, with a record of the rows excluded from it.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub table: Table,
    /// The faults of the first bad rows, each with the row's line, at most `MOST_SHOWN`.
    pub bad: Vec<(u64, Fault)>,
    pub left_out: usize,
    /// Rows without a target value, which are also excluded from a training table. They do not count as bad.
    pub unlabelled: usize,
    /// Files, pages or queries that were opened.
    pub parts: usize,
    /// Rows read, good and bad.
    pub read: usize,
    /// Data-quality warnings by column, including the faults of bad rows.
    pub warnings: WarningSummary,
    /// The most frequent fault of the bad rows, with the number of rows that have it.
    pub commonest: Option<(usize, Fault)>,
    /// For a table to predict: the rows with faults or warnings, each with its index among all rows read, in order.
    pub odd: Vec<(usize, OddRow)>,
    /// Notices about the table as a whole, without duplicates.
    pub notices: Vec<String>,
}

/// A row of a table to predict that is bad or has warnings.
///
/// Rows with equal warnings share one allocation, because every row of a table may have warnings.
#[derive(Clone, Debug, PartialEq)]
pub enum OddRow {
    /// The row is not in the table.
    Bad(Box<LeftOut>),
    Warned(Arc<[Warning]>),
}

impl OddRow {
    /// The bad row, if this row is not in the table.
    pub fn left_out(&self) -> Option<&LeftOut> {
        match self {
            OddRow::Bad(row) => Some(row),
            OddRow::Warned(_) => None,
        }
    }

    pub fn faults(&self) -> &[Fault] {
        self.left_out().map_or(&[], |row| &row.faults)
    }

    /// The warnings of a row that is in the table; empty for a bad row.
    pub fn warnings(&self) -> &[Warning] {
        match self {
            OddRow::Bad(_) => &[],
            OddRow::Warned(warnings) => warnings,
        }
    }
}

/// Default maximum share of bad rows in a table.
pub const MAX_BAD: f64 = 0.05;

/// The share of bad rows in a table exceeds the limit.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "{bad} of {rows} rows cannot be used ({share:.1} %), and at most {most} % may be left out{commonest}; \
     correct the rows, or raise the limit (--max-bad, over HTTP max_bad, from 0 to 1)"
)]
pub struct TooManyBadError {
    bad: usize,
    rows: usize,
    share: f64,
    most: f64,
    commonest: String,
}

impl From<Table> for Loaded {
    /// Wraps a table from which no row was excluded.
    fn from(table: Table) -> Loaded {
        Loaded {
            bad: Vec::new(),
            left_out: 0,
            unlabelled: 0,
            parts: 1,
            read: table.len(),
            warnings: WarningSummary::default(),
            commonest: None,
            odd: Vec::new(),
            notices: Vec::new(),
            table,
        }
    }
}

impl Loaded {
    /// Checks that the share of bad rows is at most `max_bad`. Rows without a target are excluded from both sides of the ratio.
    ///
    /// # Errors
    /// Names the most frequent fault and its remedy.
    pub fn check_bad(&self, max_bad: f64) -> Result<(), TooManyBadError> {
        let rows = self.read.saturating_sub(self.unlabelled);
        if self.left_out == 0 || self.left_out as f64 <= max_bad * rows as f64 {
            return Ok(());
        }
        let said = |(rows, fault): &(usize, Fault)| {
            format!("; the commonest fault, in {rows} rows: {fault}")
        };
        Err(TooManyBadError {
            bad: self.left_out,
            rows,
            share: 100.0 * self.left_out as f64 / rows as f64,
            most: (1e4 * max_bad).round() / 1e2,
            commonest: self.commonest.as_ref().map_or_else(String::new, said),
        })
    }
}

pub(super) struct Collector {
    loaded: Loaded,
    strict: bool,
    full: Option<TooMuchTextError>,
    name: String,
    notes: Notes,
    /// The most recent distinct lists of warnings, to share their allocations.
    shared: VecDeque<Arc<[Warning]>>,
}

/// Number of recent warning lists that a row's warnings are compared with: one for each target value, plus some more.
const MOST_SHARED: usize = 4;

impl Collector {
    pub(super) fn new(schema: &Arc<Schema>, purpose: Purpose, strict: bool) -> Collector {
        Collector {
            loaded: Loaded {
                parts: 0,
                ..Table::new(schema.clone()).into()
            },
            strict,
            full: None,
            name: String::new(),
            notes: Notes::new(schema, purpose),
            shared: VecDeque::with_capacity(MOST_SHARED),
        }
    }

    pub(super) fn finish(mut self) -> Result<Loaded, ReadError> {
        match self.full {
            Some(full) => Err(full.into()),
            None if self.strict && !self.loaded.bad.is_empty() => {
                let (line, fault) = self.loaded.bad.swap_remove(0);
                Err(ReadError::Strict {
                    name: self.name,
                    line,
                    fault: Box::new(fault),
                })
            }
            None => {
                self.loaded.notices = std::mem::take(&mut self.notes.notices);
                self.loaded.commonest = self.notes.commonest();
                self.loaded.warnings = self.notes.finish();
                Ok(self.loaded)
            }
        }
    }

    fn good(&mut self, row: &mut Row) -> ControlFlow<()> {
        if row.purpose() == Purpose::Predict && !row.warnings.is_empty() {
            let warnings = self.share(&row.warnings);
            let odd = OddRow::Warned(warnings);
            self.loaded.odd.push((self.loaded.read - 1, odd));
        }
        self.full = self.loaded.table.push(row).err();
        match self.full {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }
}

impl Collector {
    /// The warnings of a row; reuses the allocation of a recent row that has the same warnings.
    fn share(&mut self, warnings: &[Warning]) -> Arc<[Warning]> {
        if let Some(known) = self.shared.iter().find(|known| ***known == *warnings) {
            return known.clone();
        }
        if self.shared.len() == MOST_SHARED {
            self.shared.pop_front();
        }
        let new: Arc<[Warning]> = warnings.into();
        self.shared.push_back(new.clone());
        new
    }
}

/// Whether a training row lacks the target. Such a row is not bad, but it cannot be used for training.
fn is_unlabelled(row: &Row, schema: &Schema) -> bool {
    let target = &schema.target().column;
    let lacks = |f: &Fault| f.problem == Problem::Missing && f.column == *target;
    row.purpose() == Purpose::Learn && row.faults.iter().any(lacks)
}

impl Rows for Collector {
    fn begin(&mut self, name: &str) -> ControlFlow<()> {
        name.clone_into(&mut self.name);
        self.loaded.parts += 1;
        ControlFlow::Continue(())
    }

    fn notice(&mut self, notice: Notice) {
        self.notes.notice(notice);
    }

    fn skipped(&mut self, name: &str, why: &str) {
        self.notes.notice(Notice::skipped(name, why));
    }

    fn row(&mut self, SourceRow { line, row }: SourceRow<'_>) -> ControlFlow<()> {
        self.loaded.read += 1;
        let left_out = match row {
            Ok(row) if is_unlabelled(row, self.loaded.table.schema()) => {
                self.notes.met(row);
                self.loaded.unlabelled += 1;
                return ControlFlow::Continue(());
            }
            Ok(row) => {
                self.notes.row(row);
                if row.faults.is_empty() {
                    return self.good(row);
                }
                LeftOut::take(row)
            }
            Err(fault) => {
                self.notes.faults(std::slice::from_ref(&fault));
                LeftOut {
                    id: None,
                    faults: vec![fault],
                }
            }
        };
        self.loaded.left_out += 1;
        let room = MOST_SHOWN.saturating_sub(self.loaded.bad.len());
        let shown = left_out.faults.iter().take(room);
        self.loaded
            .bad
            .extend(shown.map(|fault| (line, fault.clone())));
        if self.notes.purpose == Purpose::Predict {
            let odd = OddRow::Bad(Box::new(left_out));
            self.loaded.odd.push((self.loaded.read - 1, odd));
        }
        match self.strict {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}
