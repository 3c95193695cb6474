//! The trait of a kind of source, and the parameters for reading one.

use std::fmt::Debug;
use std::sync::Arc;

use super::options::Options;
use super::world::World;
use crate::ingest::error::ReadError;
use crate::ingest::field::Field;
use crate::ingest::format::Reading;
use crate::ingest::rows::Rows;
use crate::schema::row::Purpose;
use crate::schema::{Dialect, Schema};

/// Opens a source if `text` denotes one of this kind; `None` if it denotes another kind.
pub(super) type Open = fn(&str, &Options) -> Option<Result<Arc<dyn Kind>, ReadError>>;

/// A kind of source that rows are read from.
pub(super) trait Kind: Debug + Send + Sync {
    /// The name of the source in messages, without credentials.
    fn name(&self) -> &str;

    /// Whether equal rows in different parts count as different rows, as in the files of a folder.
    fn has_parts(&self) -> bool {
        false
    }

    /// Passes every row after the cursor, in order, until there are no more or the receiver ends the reading.
    fn pull(&self, pull: &Pull<'_>, to: &mut dyn Rows) -> Result<(), ReadError>;
}

/// Parameters for reading a source.
pub(super) struct Pull<'a> {
    pub schema: &'a Schema,
    pub purpose: Purpose,
    /// The last cursor of an earlier read, as reported through [`Rows::reached`].
    pub cursor: Option<&'a str>,
    pub world: &'a dyn World,
}

impl<'a> Pull<'a> {
    /// The parameters for reading a table of the source.
    pub fn reading(&self, dialect: &'a Dialect, items: Option<&'a Field>) -> Reading<'a> {
        Reading {
            schema: self.schema,
            purpose: self.purpose,
            dialect,
            items,
        }
    }
}
