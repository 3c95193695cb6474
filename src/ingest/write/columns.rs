//! Plain columns into a Parquet file, group by group: tables that have no schema of ours.

use std::io::Write;

use super::column::Column;
use super::error::WriteFault;
use crate::ingest::parquet::write::ColumnWriter;

/// A file that takes columns.
pub struct ColumnFile<'w>(ColumnWriter<'w>);

impl<'w> ColumnFile<'w> {
    pub fn new(to: &'w mut dyn Write) -> ColumnFile<'w> {
        ColumnFile(ColumnWriter::new(to))
    }

    /// Writes one group of rows. Names and kinds are those of the first group.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn group(&mut self, columns: Vec<(String, Column)>) -> Result<(), WriteFault> {
        self.0.group(columns)
    }

    /// Writes the end of the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> Result<(), WriteFault> {
        self.0.finish()
    }
}
