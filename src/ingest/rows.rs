//! How rows are handed over, one by one, from whatever reads them to whoever receives them.

use std::ops::ControlFlow;

use super::error::ReadFault;
use crate::schema::fault::Fault;
use crate::schema::{Notice, Row};

/// Who receives rows; it may break off.
pub trait Rows {
    /// A file, page or query begins.
    fn begin(&mut self, name: &str) -> ControlFlow<()>;

    /// A row, good or bad.
    fn row(&mut self, row: SourceRow<'_>) -> ControlFlow<()>;

    /// Something is worth telling of the table as a whole.
    fn notice(&mut self, _notice: Notice) {}

    /// All rows so far are everything up to this cursor.
    fn reached(&mut self, _cursor: String) {}

    /// A file is passed over.
    fn skipped(&mut self, _name: &str, _why: &str) {}

    /// A file among others cannot be read, or not to its end: passed over, or the end of it all. A table must not lack a
    /// file unnoticed, so that it is the end unless the receiver says otherwise.
    fn unreadable(&mut self, _name: &str, _fault: &ReadFault) -> ControlFlow<()> {
        ControlFlow::Break(())
    }
}

/// One row of a source: its line, and the row (which may have faults) or the fault of the line as a whole.
pub struct SourceRow<'r> {
    /// Line (a header is line 1); for JSON lists, Parquet and databases the number of the row, from 1.
    pub line: u64,
    pub row: Result<&'r mut Row, Fault>,
}
