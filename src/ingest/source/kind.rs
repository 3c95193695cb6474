//! What a kind of source is, and what one is read for.

use std::fmt::Debug;
use std::sync::Arc;

use super::options::Options;
use super::world::World;
use crate::ingest::error::ReadFault;
use crate::ingest::field::Field;
use crate::ingest::format::Reading;
use crate::ingest::rows::Rows;
use crate::schema::row::Purpose;
use crate::schema::{Dialect, Schema};

/// Recognises a source by how it is written; none if it is of another kind.
pub(super) type Open = fn(&str, &Options) -> Option<Result<Arc<dyn Kind>, ReadFault>>;

/// Something rows come from.
pub(super) trait Kind: Debug + Send + Sync {
    /// What to call it in messages, without credentials.
    fn name(&self) -> &str;

    /// Whether each of its parts is a source of its own: equal rows of two files are two rows.
    fn has_parts(&self) -> bool {
        false
    }

    /// Hands over every row after the cursor, in order, until there is none or the receiver breaks off.
    fn pull(&self, pull: &Pull<'_>, to: &mut dyn Rows) -> Result<(), ReadFault>;
}

/// What a source is read for.
pub(super) struct Pull<'a> {
    pub schema: &'a Schema,
    pub purpose: Purpose,
    /// What [`Rows::reached`] said last, some time before.
    pub cursor: Option<&'a str>,
    pub world: &'a dyn World,
}

impl<'a> Pull<'a> {
    /// How a table of it is read.
    pub fn reading(&self, dialect: &'a Dialect, items: Option<&'a Field>) -> Reading<'a> {
        Reading {
            schema: self.schema,
            purpose: self.purpose,
            dialect,
            items,
        }
    }
}
