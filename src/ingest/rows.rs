//! The trait through which readers of sources pass rows, one by one, to a receiver.

use std::ops::ControlFlow;

use super::error::ReadError;
use crate::schema::fault::Fault;
use crate::schema::{Notice, Row};

/// A receiver of rows; it can end the reading.
pub trait Rows {
    /// Announces that a file, page or query begins.
    fn begin(&mut self, name: &str) -> ControlFlow<()>;

    /// Receives a row, good or bad.
    fn row(&mut self, row: SourceRow<'_>) -> ControlFlow<()>;

    /// Receives a notice about the table as a whole.
    fn notice(&mut self, _notice: Notice) {}

    /// Announces that all rows up to this cursor have been passed.
    fn reached(&mut self, _cursor: String) {}

    /// Announces that a file is skipped.
    fn skipped(&mut self, _name: &str, _why: &str) {}

    /// Announces that one of several files cannot be read, or only in part. The receiver decides whether to skip the file;
    /// by default the reading ends, because a table must not silently lack a file.
    fn unreadable(&mut self, _name: &str, _fault: &ReadError) -> ControlFlow<()> {
        ControlFlow::Break(())
    }
}

/// One row of a source: its line number, and the row (which may have faults) or the fault of a line that is not a row.
pub struct SourceRow<'r> {
    /// The line in the file (a header is line 1); for JSON lists, Parquet and databases the row number, from 1.
    pub line: u64,
    pub row: Result<&'r mut Row, Fault>,
}
