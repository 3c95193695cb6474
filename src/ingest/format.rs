//! The trait of a file format, and the parameters for reading a table.

use std::fmt::Debug;
use std::io::Read;
use std::ops::ControlFlow;

use super::error::FormatError;
use super::field::Field;
use super::rows::Rows;
use crate::schema::row::{Purpose, Value};
use crate::schema::{Dialect, Schema};

/// Parameters for reading a table.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The schema that the rows must satisfy.
    pub schema: &'a Schema,
    /// The purpose of the read, such as training or prediction.
    pub purpose: Purpose,
    /// The dialect of text: delimiter, encoding and number form.
    pub dialect: &'a Dialect,
    /// JSON only: the field that holds the list of rows; `None` if the document itself is the list.
    pub items: Option<&'a Field>,
}

impl Reading<'_> {
    /// Rejects the `items` option for a format without fields.
    pub(super) fn no_items(&self, format: &str) -> Result<(), FormatError> {
        match self.items {
            None => Ok(()),
            Some(field) => Err(format!(
                "`items` {field} is for JSON; {format} has no fields, leave it out"
            )
            .into()),
        }
    }
}

/// Callback for the wanted cells of each row, with the row's line number; it can end the reading.
pub type EachCells<'a> = &'a mut dyn FnMut(u64, &[Value<'_>]) -> ControlFlow<()>;

/// A file format that tables can be read from.
pub trait Format: Debug + Sync {
    fn name(&self) -> &'static str;

    /// File extensions, without the dot.
    fn endings(&self) -> &'static [&'static str];

    /// Passes every row to `to`. The result says whether the receiver wants more rows.
    ///
    /// # Errors
    /// The reason why the source as a whole cannot be read.
    fn read(
        &self,
        source: &mut dyn Read,
        reading: &Reading<'_>,
        to: &mut dyn Rows,
    ) -> Result<ControlFlow<()>, FormatError>;

    /// Reads the cells of the `wanted` columns, row by row; other columns are ignored.
    ///
    /// # Errors
    /// The reason why the source as a whole cannot be read, or that it lacks one of the columns.
    fn numbers(
        &self,
        source: &mut dyn Read,
        wanted: &[&str],
        each: EachCells<'_>,
    ) -> Result<(), FormatError>;
}
