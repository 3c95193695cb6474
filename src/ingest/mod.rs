//! Reads rows from sources, and writes tables to files.
//!
//! A [`Source`] is a file, a folder, standard input, a web API or a database query. It is read row by row, either into one
//! table ([`Source::load`]) or in batches into a [`Sink`] ([`Source::ingest`]). Text formats are decoded by
//! [`crate::schema`], the same code that decodes a request body, so that a row has the same meaning wherever it comes from.
//! Parquet is read and written with polars, which no other module uses. A bad row does not stop a load: it is left out and
//! reported with its line, column, value and reason, unless the load is strict.
//!
//! [`numbers`] reads a few columns of any table as plain numbers, without a schema.
//!
//! A new format is one file and one line in `formats`; a new kind of source is one file and one line in the table of
//! [`mod@source`].

pub mod batch;
mod batcher;
mod cells;
mod collect;
mod compression;
mod content;
mod error;
pub mod field;
pub mod format;
mod formats;
mod guard;
mod identity;
pub mod infer;
mod json;
pub mod look;
mod notes;
pub mod numbers;
mod occurrences;
mod parquet;
mod rows;
mod signature;
pub mod source;
mod text;
pub mod write;

use std::path::Path;
use std::sync::Arc;

use crate::schema::Schema;
use crate::schema::row::Purpose;

pub use crate::schema::Dialect;
pub use batch::{Batch, BatchCounts, Sink, Tally};
pub use collect::{Loaded, MAX_BAD, OddRow, TooManyBadError};
pub use error::{ReadError, SinkError, UnknownFormatError};
pub use format::{Format, Reading};
pub use identity::identity;
pub use look::Seen;
pub use source::{Source, World};
pub use write::WriteError;

use collect::Collector;

/// The table compiled into the binary.
const BUNDLED: &[u8] = include_bytes!("../../data/raw/train.csv");

/// Reads a file into a table; bad rows are left out.
pub fn read_file(path: &Path, schema: &Arc<Schema>, purpose: Purpose) -> Result<Loaded, ReadError> {
    read_file_as(path, schema, purpose, &Dialect::AUTO)
}

/// Like [`read_file`], with the given dialect of text.
pub fn read_file_as(
    path: &Path,
    schema: &Arc<Schema>,
    purpose: Purpose,
    dialect: &Dialect,
) -> Result<Loaded, ReadError> {
    Source::file(path, dialect)?.load(schema, purpose, false)
}

/// Reads the table that is compiled into the binary.
///
/// # Errors
/// When the table does not fit the schema.
pub fn bundled(schema: &Arc<Schema>) -> Result<Loaded, ReadError> {
    from_memory(&text::CSV, BUNDLED, "the bundled table", schema)
}

/// Reads a table from the bytes that [`write::table_as_parquet`] returned.
///
/// # Errors
/// When the bytes are not a table of this schema.
pub fn kept(bytes: &[u8], schema: &Arc<Schema>) -> Result<Loaded, ReadError> {
    from_memory(&parquet::Parquet, bytes, "the kept table", schema)
}

fn from_memory(
    format: &dyn Format,
    mut bytes: &[u8],
    name: &str,
    schema: &Arc<Schema>,
) -> Result<Loaded, ReadError> {
    let mut collector = Collector::new(schema, Purpose::Learn, false);
    let reading = Reading {
        schema,
        purpose: Purpose::Learn,
        dialect: &Dialect::default(),
        items: None,
    };
    let outcome = content::read(format, &mut bytes, &reading, &mut collector);
    let _ = outcome.map_err(ReadError::content(name))?;
    collector.finish()
}
