//! Kinds of sources: the options of each, the reading of rows, and the environment in which they run.
//!
//! A new kind is one file and one line in `KINDS`.

pub mod address;
mod file;
mod folder;
mod http;
mod kind;
mod options;
mod retry;
mod runtime;
mod sql;
mod stdin;
mod world;

use std::path::Path;
use std::sync::Arc;

use super::batch::{Sink, Tally};
use super::batcher::Batcher;
use super::collect::{Collector, Loaded};
use super::error::ReadError;
use super::identity::identity;
use super::look::{Looker, Seen};
use super::rows::Rows;
use crate::schema::row::Purpose;
use crate::schema::{Dialect, Schema};

pub use http::next::Next;
use kind::{Kind, Open, Pull};
pub use options::Options;
pub use world::{Unattended, World};

/// All kinds, tried in this order; the last one accepts any text.
const KINDS: &[Open] = &[stdin::open, http::open, sql::open, folder::open, file::open];

/// A source, ready to be read.
#[derive(Clone, Debug)]
pub struct Source(Arc<dyn Kind>);

/// Parameters for reading a source in batches.
pub struct Order<'a> {
    /// The schema that the rows must satisfy.
    pub schema: &'a Arc<Schema>,
    /// Whether the first bad row ends the load. The sink has already received the earlier batches and must undo them.
    pub strict: bool,
    /// The cursor of the last load ([`Tally::cursor`]); `None` reads from the beginning.
    pub cursor: Option<&'a str>,
    /// The environment: waiting, randomness, cancellation and notes.
    pub world: &'a dyn World,
}

impl Source {
    /// Parses the address of a source: `-` is standard input, a path is a file or folder, a URL is a web API or a database.
    ///
    /// # Errors
    /// When the address denotes nothing that can be read.
    pub fn parse(text: &str) -> Result<Source, ReadError> {
        Source::open(text, &Options::default())
    }

    /// Like [`Source::parse`], with options. Nothing is read and no connection is opened yet.
    ///
    /// # Errors
    /// When the address denotes nothing that can be read, or an option does not apply to this kind of source.
    pub fn open(text: &str, options: &Options) -> Result<Source, ReadError> {
        let kind = KINDS.iter().find_map(|open| open(text, options));
        kind.expect("the last kind takes whatever is left")
            .map(Source)
    }

    /// A file whose extension determines its format.
    ///
    /// # Errors
    /// When the extension is not known.
    pub fn file(path: &Path, dialect: &Dialect) -> Result<Source, ReadError> {
        let options = Options {
            format: dialect.clone(),
            ..Options::default()
        };
        Ok(Source(Arc::new(file::File::new(path, &options)?)))
    }

    /// The name of the source in messages, without credentials.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Loads the source into a table.
    ///
    /// # Errors
    /// [`ReadError`]; with `strict` also the first bad row.
    pub fn load(
        &self,
        schema: &Arc<Schema>,
        purpose: Purpose,
        strict: bool,
    ) -> Result<Loaded, ReadError> {
        let mut collector = Collector::new(schema, purpose, strict);
        let pull = Pull {
            schema,
            purpose,
            cursor: None,
            world: &Unattended::default(),
        };
        let outcome = self.0.pull(&pull, &mut collector);
        outcome.and_then(|()| collector.finish())
    }

    /// Loads the source for comparison with other tables, without validation: every value that parses is used.
    pub fn look(&self, schema: &Arc<Schema>) -> Result<Seen, ReadError> {
        let mut looker = Looker::new(schema);
        let pull = Pull {
            schema,
            purpose: Purpose::Look,
            cursor: None,
            world: &Unattended::default(),
        };
        let outcome = self.0.pull(&pull, &mut looker);
        outcome.and_then(|()| looker.finish())
    }

    /// Reads the whole source without a schema, to collect statistics of its columns.
    pub(super) fn survey(&self, surveyor: &mut dyn Rows) -> Result<(), ReadError> {
        let pull = Pull {
            schema: &Schema::unknown(),
            purpose: Purpose::Infer,
            cursor: None,
            world: &Unattended::default(),
        };
        self.0.pull(&pull, surveyor)
    }

    /// Reads the source in batches; the target of a row is optional.
    ///
    /// # Errors
    /// [`ReadError`]; batches that the sink accepted before the error are not undone.
    pub fn ingest(&self, order: &Order<'_>, sink: &mut dyn Sink) -> Result<Tally, ReadError> {
        let whole = (!self.0.has_parts()).then(|| identity(self.0.name()).into());
        let mut batcher = Batcher::new(order.schema, order.strict, whole, order.world, sink);
        let pull = Pull {
            schema: order.schema,
            purpose: Purpose::Keep,
            cursor: order.cursor,
            world: order.world,
        };
        let outcome = self.0.pull(&pull, &mut batcher);
        batcher.finish(outcome)
    }
}
