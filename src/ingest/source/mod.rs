//! Kinds of sources: what each takes, how rows are handed over, what is handed in from outside.
//!
//! One file a kind, one line in `KINDS`.

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
use super::error::ReadFault;
use super::identity::identity;
use super::look::{Looker, Seen};
use super::rows::Rows;
use crate::schema::row::Purpose;
use crate::schema::{Dialect, Schema};

pub use http::next::Next;
use kind::{Kind, Open, Pull};
pub use options::Options;
pub use world::{Unattended, World};

/// All kinds, asked in this order; the last takes whatever is left.
const KINDS: &[Open] = &[stdin::open, http::open, sql::open, folder::open, file::open];

/// A source, ready to be read.
#[derive(Clone, Debug)]
pub struct Source(Arc<dyn Kind>);

/// How a source is read in batches.
pub struct Order<'a> {
    /// What its rows must be.
    pub schema: &'a Arc<Schema>,
    /// Whether the first bad row ends it. The sink has been given the batches before it: it undoes them.
    pub strict: bool,
    /// Where the last load ended ([`Tally::cursor`]); none reads from the beginning.
    pub cursor: Option<&'a str>,
    /// Time, chance, whoever listens.
    pub world: &'a dyn World,
}

impl Source {
    /// `-` is standard input, a path is a file or folder; URLs are web APIs and databases.
    ///
    /// # Errors
    /// When nothing like it can be read.
    pub fn parse(text: &str) -> Result<Source, ReadFault> {
        Source::open(text, &Options::default())
    }

    /// As [`Source::parse`], with options. Nothing is read or connected yet.
    ///
    /// # Errors
    /// When nothing like it can be read, or an option is wrong for it.
    pub fn open(text: &str, options: &Options) -> Result<Source, ReadFault> {
        let kind = KINDS.iter().find_map(|open| open(text, options));
        kind.expect("the last kind takes whatever is left")
            .map(Source)
    }

    /// A file, read as its ending says.
    ///
    /// # Errors
    /// When the ending is not known.
    pub fn file(path: &Path, dialect: &Dialect) -> Result<Source, ReadFault> {
        let options = Options {
            format: dialect.clone(),
            ..Options::default()
        };
        Ok(Source(Arc::new(file::File::new(path, &options)?)))
    }

    /// What to call it in messages, without credentials.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Reads it into a table.
    ///
    /// # Errors
    /// [`ReadFault`]; with `strict` also the first bad row.
    pub fn load(
        &self,
        schema: &Arc<Schema>,
        purpose: Purpose,
        strict: bool,
    ) -> Result<Loaded, ReadFault> {
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

    /// Reads it as it is, to be compared and not judged: every value that parses.
    pub fn look(&self, schema: &Arc<Schema>) -> Result<Seen, ReadFault> {
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

    /// Reads all of it to learn what its columns hold.
    pub(super) fn survey(&self, surveyor: &mut dyn Rows) -> Result<(), ReadFault> {
        let pull = Pull {
            schema: &Schema::unknown(),
            purpose: Purpose::Infer,
            cursor: None,
            world: &Unattended::default(),
        };
        self.0.pull(&pull, surveyor)
    }

    /// Reads it in batches, with or without targets.
    ///
    /// # Errors
    /// [`ReadFault`]; what the sink took before it stays taken.
    pub fn ingest(&self, order: &Order<'_>, sink: &mut dyn Sink) -> Result<Tally, ReadFault> {
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
