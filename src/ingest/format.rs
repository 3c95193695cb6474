//! What a format is: how a table in it is read.

use std::fmt::Debug;
use std::io::Read;
use std::ops::ControlFlow;

use super::field::Field;
use super::rows::Rows;
use crate::schema::row::{Purpose, Value};
use crate::schema::{Dialect, Schema};

/// How a table is read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// What its rows must be.
    pub schema: &'a Schema,
    /// What they are read for.
    pub purpose: Purpose,
    /// How text is written.
    pub dialect: &'a Dialect,
    /// JSON: the field that holds the list of rows; none for the document itself.
    pub items: Option<&'a Field>,
}

impl Reading<'_> {
    /// Refuses a field of items for a format that has none.
    pub(super) fn no_items(&self, format: &str) -> Result<(), String> {
        match self.items {
            None => Ok(()),
            Some(field) => Err(format!(
                "`items` {field} is for JSON; {format} has no fields, leave it out"
            )),
        }
    }
}

/// What a format hands the wanted cells of a row to, with the row's line; it may break off.
pub type EachCells<'a> = &'a mut dyn FnMut(u64, &[Value<'_>]) -> ControlFlow<()>;

/// A format tables are read in.
pub trait Format: Debug + Sync {
    fn name(&self) -> &'static str;

    /// File endings, without the dot.
    fn endings(&self) -> &'static [&'static str];

    /// Reads every row; says whether the receiver wants more.
    ///
    /// # Errors
    /// What makes the whole source unreadable, in words.
    fn read(
        &self,
        source: &mut dyn Read,
        reading: &Reading<'_>,
        to: &mut dyn Rows,
    ) -> Result<ControlFlow<()>, String>;

    /// Reads the cells of these columns, row by row, whatever else stands in it.
    ///
    /// # Errors
    /// What makes the whole source unreadable, in words; that it has no such column.
    fn numbers(
        &self,
        source: &mut dyn Read,
        wanted: &[&str],
        each: EachCells<'_>,
    ) -> Result<(), String>;
}
