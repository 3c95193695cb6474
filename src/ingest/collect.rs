//! A whole source as one table in memory, for training and answering.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::bad_row::{BadRow, bad_rows};
use super::error::ReadFault;
use super::notes::Notes;
use super::rows::{Rows, SourceRow};
use crate::schema::fault::{Fault, Problem};
use crate::schema::row::Purpose;
use crate::schema::table::TooMuchText;
use crate::schema::{Notice, Row, Schema, Table, Warning, WarningSummary};

/// Bad rows that are kept to be shown; beyond them only the count goes on.
const MOST_SHOWN: usize = 1000;

/// A table that was read, and what was left out of it.
#[derive(Clone, Debug)]
pub struct Loaded {
    pub table: Table,
    /// The first bad rows.
    pub bad: Vec<BadRow>,
    pub left_out: usize,
    /// Rows without a value of the target, which are left out of a table to learn from, too. They are not bad.
    pub unlabelled: usize,
    /// Files, pages or queries that were begun.
    pub parts: usize,
    /// Rows read, good and bad.
    pub read: usize,
    /// What was odd, by column, the faults of bad rows included.
    pub warnings: WarningSummary,
    /// The commonest fault of the bad rows, with how many rows have it.
    pub commonest: Option<(usize, Fault)>,
    /// Of a table to predict, the rows that need a word, each with its place among all rows read, in their order.
    pub odd: Vec<(usize, OddRow)>,
    /// What is worth telling of the table as a whole, each once.
    pub notices: Vec<String>,
}

/// A row of a table to predict that is bad, or has warnings.
///
/// It is small, and rows of the same warnings share them: all rows of a table may have one.
#[derive(Clone, Debug, PartialEq)]
pub enum OddRow {
    /// It has no place in the table.
    Bad(Box<LeftOut>),
    Warned(Arc<[Warning]>),
}

/// What is known of a bad row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    pub faults: Vec<Fault>,
    /// Its own id, where it has one.
    pub id: Option<String>,
}

impl OddRow {
    /// The row, where it has no place in the table.
    pub fn left_out(&self) -> Option<&LeftOut> {
        match self {
            OddRow::Bad(row) => Some(row),
            OddRow::Warned(_) => None,
        }
    }

    pub fn faults(&self) -> &[Fault] {
        self.left_out().map_or(&[], |row| &row.faults)
    }

    /// The warnings of a row that is in the table.
    pub fn warnings(&self) -> &[Warning] {
        match self {
            OddRow::Bad(_) => &[],
            OddRow::Warned(warnings) => warnings,
        }
    }
}

/// Share of bad rows that a table may have by default.
pub const MAX_BAD: f64 = 0.05;

/// More of a table is bad than may be.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "{bad} of {rows} rows cannot be used ({share:.1} %), and at most {most} % may be left out{commonest}; \
     correct the rows, or raise the limit (--max-bad, over HTTP max_bad, from 0 to 1)"
)]
pub struct TooManyBad {
    bad: usize,
    rows: usize,
    share: f64,
    most: f64,
    commonest: String,
}

impl From<Table> for Loaded {
    /// A table of which nothing was left out.
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
    /// Whether few enough rows are bad. Rows without a target do not count on either side.
    ///
    /// # Errors
    /// Names the commonest fault and its remedy.
    pub fn check_bad(&self, max_bad: f64) -> Result<(), TooManyBad> {
        let rows = self.read.saturating_sub(self.unlabelled);
        if self.left_out == 0 || self.left_out as f64 <= max_bad * rows as f64 {
            return Ok(());
        }
        let said = |(rows, fault): &(usize, Fault)| {
            format!("; the commonest fault, in {rows} rows: {fault}")
        };
        Err(TooManyBad {
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
    full: Option<TooMuchText>,
    name: String,
    notes: Notes,
    /// The latest different warnings of rows.
    shared: VecDeque<Arc<[Warning]>>,
}

/// Different warnings that are compared with those of a row: the two values of a target, and some more.
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

    pub(super) fn finish(mut self) -> Result<Loaded, ReadFault> {
        match self.full {
            Some(full) => Err(full.into()),
            None if self.strict && !self.loaded.bad.is_empty() => Err(ReadFault::Strict {
                name: self.name,
                bad: self.loaded.bad.swap_remove(0),
            }),
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
    /// A row's warnings; those of an earlier row where they are the same.
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

/// Whether a row to learn from lacks the target: nothing is wrong with it, it only cannot be used.
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
                LeftOut {
                    id: row.id_text(),
                    faults: std::mem::take(&mut row.faults),
                }
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
        self.loaded
            .bad
            .extend(bad_rows(line, &left_out.faults).take(room));
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
