//! Reads a source in batches, so that memory between the reader and the writer is bounded.

use std::sync::Arc;

use super::error::SinkError;
use crate::schema::{ColumnWarning, Rejected, Schema, Table};

/// Maximum number of rows in a batch: enough to amortise a commit, and little work to repeat if the commit fails.
pub const BATCH: usize = 4096;

/// Consecutive rows of one file, page or query, in source order.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Name of the file, page or database, without credentials.
    pub source: Arc<str>,
    /// Stable name of the source, identical on every read. Rows without an id are identified by this name and their content.
    pub origin: Arc<str>,
    /// For each good row without an id: the number of equal rows earlier in this load. 0 for a row that has an id.
    pub occurrences: Vec<u32>,
    /// The good rows, with their ids and, where the source has them, targets.
    pub table: Table,
    /// The line of each good row in the file (a header is line 1), or its row number, from 1.
    pub lines: Vec<u64>,
    pub bad: Vec<Rejected>,
    /// The position in the source after this batch, to be committed in the same transaction as the rows. `None` until the
    /// source has reported a first cursor.
    pub cursor: Option<String>,
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

    /// Number of rows in the batch, good and bad.
    pub fn read(&self) -> usize {
        self.lines.len() + self.bad.len()
    }
}

/// Counts of what a sink did with the rows of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchCounts {
    /// Rows that were stored for the first time.
    pub stored: u64,
    /// Rows that the sink already had, stored or quarantined.
    pub repeated: u64,
    /// Rows that were quarantined for the first time.
    pub quarantined: u64,
}

impl std::ops::AddAssign for BatchCounts {
    fn add_assign(&mut self, more: BatchCounts) {
        let BatchCounts {
            stored,
            repeated,
            quarantined,
        } = more;
        self.stored += stored;
        self.repeated += repeated;
        self.quarantined += quarantined;
    }
}

/// Receiver of batches, called in source order. A call may block as long as necessary; the source is not read meanwhile.
pub trait Sink {
    /// Consumes a batch; the sink is also responsible for quarantining its bad rows.
    fn take(&mut self, batch: Batch) -> Result<BatchCounts, SinkError>;
}

impl<F: FnMut(Batch) -> Result<BatchCounts, SinkError>> Sink for F {
    fn take(&mut self, batch: Batch) -> Result<BatchCounts, SinkError> {
        self(batch)
    }
}

/// Totals of a load.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// Rows read, good and bad.
    pub read: u64,
    /// Rows that were stored for the first time.
    pub stored: u64,
    /// Rows that the sink already had, stored or quarantined.
    pub repeated: u64,
    /// Rows that were quarantined for the first time.
    pub quarantined: u64,
    /// Rows that violate the schema, whether quarantined before or not.
    #[serde(skip)]
    pub bad: u64,
    /// Files that were skipped.
    pub skipped: u64,
    /// Data-quality warnings, by column.
    #[serde(skip)]
    pub warnings: Vec<ColumnWarning>,
    /// The position in the source after the load; `None` if the source reports no cursor.
    #[serde(skip)]
    pub cursor: Option<String>,
}

impl Tally {
    /// Adds the counts of one batch.
    pub fn count(&mut self, taken: BatchCounts) {
        self.stored += taken.stored;
        self.repeated += taken.repeated;
        self.quarantined += taken.quarantined;
    }
}
