//! Writes plain columns, which have no schema, to a Parquet file, row group by row group.

use std::io::Write;

use super::column::Column;
use super::error::WriteError;
use crate::ingest::parquet::write::ColumnWriter;

/// A Parquet file under construction.
pub struct ColumnFile<'w>(ColumnWriter<'w>);

impl<'w> ColumnFile<'w> {
    pub fn new(to: &'w mut dyn Write) -> ColumnFile<'w> {
        ColumnFile(ColumnWriter::new(to))
    }

    /// Writes one row group. The first group determines the names and types of the columns.
    pub fn group(&mut self, columns: Vec<(String, Column)>) -> Result<(), WriteError> {
        self.0.group(columns)
    }

    /// Writes the footer of the file.
    pub fn finish(self) -> Result<(), WriteError> {
        self.0.finish()
    }
}
