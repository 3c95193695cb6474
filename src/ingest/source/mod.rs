//! Kinds of sources: what each takes, how rows are handed over, what is handed in from outside.
//!
//! One file a kind, one line in `KINDS`.

pub mod address;
pub(super) mod compression;
mod file;
mod folder;
mod http;
mod options;
pub mod retry;
mod runtime;
mod sql;
mod stdin;
mod world;

use std::fmt::Debug;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::ReadFault;
use super::batch::{Sink, Tally};
use super::batcher::Batcher;
use super::collect::{Collector, Loaded};
use super::field::Field;
use super::format::Reading;
use super::look::{Looker, Seen};
use crate::schema::fault::Fault;
use crate::schema::row::Purpose;
use crate::schema::{Dialect, Notice, Row, Schema};

pub use http::next::Next;
pub use options::Options;
pub use world::{Unattended, World};

/// Recognises a source by how it is written; none if it is of another kind.
type Open = fn(&str, &Options) -> Option<Result<Arc<dyn Kind>, ReadFault>>;

/// All kinds, asked in this order; the last takes whatever is left.
const KINDS: &[Open] = &[stdin::open, http::open, sql::open, folder::open, file::open];

/// Something rows come from.
trait Kind: Debug + Send + Sync {
    /// What to call it in messages, without credentials.
    fn name(&self) -> &str;

    /// Whether each of its parts is a source of its own: equal rows of two files are two rows.
    fn has_parts(&self) -> bool {
        false
    }

    /// Hands over every row after the cursor, in order, until there is none or the receiver breaks off.
    fn pull(&self, pull: &Pull<'_>, to: &mut dyn Rows) -> Result<(), ReadFault>;
}

impl<'a> Pull<'a> {
    /// How a table of it is read.
    fn reading(&self, dialect: &'a Dialect, items: Option<&'a Field>) -> Reading<'a> {
        Reading {
            schema: self.schema,
            purpose: self.purpose,
            dialect,
            items,
        }
    }
}

/// What rows of a source are known by: its name, a path in full, so that it does not depend on where it is named from.
pub fn identity(name: &str) -> String {
    let path = std::fs::canonicalize(name).ok();
    path.map_or_else(|| name.to_owned(), |path| path.display().to_string())
}

/// What a source is read for.
struct Pull<'a> {
    schema: &'a Schema,
    purpose: Purpose,
    /// What [`Rows::reached`] said last, some time before.
    cursor: Option<&'a str>,
    world: &'a dyn World,
}

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
