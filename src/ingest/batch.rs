//! A source in batches: bounded memory between whoever reads and whoever writes.

use std::sync::Arc;

use super::bad_row::bad_rows;
use super::error::SinkFault;
use crate::schema::fault::Fault;
use crate::schema::{ColumnWarning, Schema, Table};

/// Rows of one batch: enough to pay for a commit, few enough to forget.
pub const BATCH: usize = 4096;

/// Some rows of one file, page or query, in its order.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The file, page or database, without credentials.
    pub source: Arc<str>,
    /// What rows without an id are known by, beside their content: the same whenever the same source is read.
    pub origin: Arc<str>,
    /// How many equal rows of this load came before each good row that has no id; 0 where it has one.
    pub occurrences: Vec<u32>,
    /// The good rows with their ids and, where they came along, targets.
    pub table: Table,
    /// Where each good row stood: its line (a header is line 1), else its number from 1.
    pub lines: Vec<u64>,
    pub bad: Vec<Bad>,
    /// How far the source has been read once this batch is stored: belongs into the same commit as its rows. None as long
    /// as nothing is finished.
    pub cursor: Option<String>,
}

/// A bad row: everything that is wrong with it.
#[derive(Clone, Debug)]
pub struct Bad {
    pub line: u64,
    pub faults: Vec<Fault>,
    /// The row as it came, a JSON object; none where the line is no row.
    pub row: Option<String>,
}

/// A bad row as it is kept and shown: one record a row.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Quarantined {
    /// The file, page or database.
    pub source: String,
    pub line: u64,
    /// The first column to blame; none where the row as a whole is.
    pub column: Option<String>,
    /// Its value as it came.
    pub value: String,
    /// All that is wrong, and what to do.
    pub reason: String,
    #[serde(skip)]
    pub row: Option<String>,
}

impl std::fmt::Display for Quarantined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, line {}: {}", self.source, self.line, self.reason)
    }
}

impl Batch {
    pub(super) fn empty(source: Arc<str>, origin: Arc<str>, schema: &Arc<Schema>) -> Batch {
        Batch {
            source,
            origin,
            occurrences: Vec::new(),
            table: Table::new(schema.clone()),
            lines: Vec::new(),
            bad: Vec::new(),
            cursor: None,
        }
    }

    /// Rows read, good and bad.
    pub fn read(&self) -> usize {
        self.lines.len() + self.bad.len()
    }

    /// The bad rows as records.
    pub fn quarantined(&self) -> impl Iterator<Item = Quarantined> + '_ {
        self.bad.iter().map(|bad| {
            let mut entries = bad_rows(bad.line, &bad.faults);
            let first = entries.next();
            let (column, value, mut reason) = first
                .map(|f| (f.column, f.value, f.reason))
                .unwrap_or_default();
            entries.for_each(|more| reason = format!("{reason}; {}", more.reason));
            Quarantined {
                source: self.source.to_string(),
                line: bad.line,
                column,
                value,
                reason,
                row: bad.row.clone(),
            }
        })
    }
}

/// What became of the rows of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Rows that are new.
    pub stored: u64,
    /// Rows that were there already, in quarantine or not.
    pub repeated: u64,
    /// Rows that are new in quarantine.
    pub quarantined: u64,
}

impl std::ops::AddAssign for Taken {
    fn add_assign(&mut self, more: Taken) {
        let Taken {
            stored,
            repeated,
            quarantined,
        } = more;
        self.stored += stored;
        self.repeated += repeated;
        self.quarantined += quarantined;
    }
}

/// Where batches go. It is called in order, and waits as long as it must: the source is read no faster.
pub trait Sink {
    /// Takes a batch; its bad rows are the sink's to keep, too.
    fn take(&mut self, batch: Batch) -> Result<Taken, SinkFault>;
}

impl<F: FnMut(Batch) -> Result<Taken, SinkFault>> Sink for F {
    fn take(&mut self, batch: Batch) -> Result<Taken, SinkFault> {
        self(batch)
    }
}

/// What a load came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// Rows read, good and bad.
    pub read: u64,
    /// Rows that are new.
    pub stored: u64,
    /// Rows that were there already, in quarantine or not.
    pub repeated: u64,
    /// Rows that are new in quarantine.
    pub quarantined: u64,
    /// Rows that break the contract, new or not.
    #[serde(skip)]
    pub bad: u64,
    /// Files that were passed over.
    pub skipped: u64,
    /// What was odd, by column.
    #[serde(skip)]
    pub warnings: Vec<ColumnWarning>,
    /// How far the source has been read; none if it does not tell.
    #[serde(skip)]
    pub cursor: Option<String>,
}

impl Tally {
    /// Counts what became of a batch.
    pub fn count(&mut self, taken: Taken) {
        self.stored += taken.stored;
        self.repeated += taken.repeated;
        self.quarantined += taken.quarantined;
    }
}
