//! Files and streams into tables, tables into files.
//!
//! Text formats are decoded by [`crate::schema`], the same code that decodes a request's body, so that a row means the
//! same wherever it comes from; Parquet comes through polars, which lives in this room alone. A bad row never stops a
//! load: it is left out and reported with line, column, value and reason, unless the caller is strict.
//!
//! Adding a format: one file, one line in [`mod@format`]'s table.

pub mod format;
pub mod infer;
mod json;
mod parquet;
mod text;
pub mod write;

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::schema::fault::Fault;
use crate::schema::row::Purpose;
use crate::schema::table::TooMuchText;
use crate::schema::{Row, Schema, Table};

pub use format::{Format, UnknownFormat};
pub use write::WriteFault;

/// The table compiled into the binary.
const BUNDLED: &[u8] = include_bytes!("../../data/raw/train.csv");

/// Bad rows that are kept to be shown; beyond them only the count goes on.
const MOST_SHOWN: usize = 1000;

/// A row that was left out.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct BadRow {
    /// Line in the file (the header is line 1); for JSON lists and Parquet the number of the row, from 1.
    pub line: u64,
    /// Column, where one is to blame.
    pub column: Option<String>,
    /// The value as it came.
    pub value: String,
    /// What is wrong and what to do.
    pub reason: String,
}

impl std::fmt::Display for BadRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// A table that was read, and what was left out of it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The good rows.
    pub table: Table,
    /// The first bad rows.
    pub bad: Vec<BadRow>,
    /// All bad rows.
    pub left_out: usize,
    /// Rows read, good and bad.
    pub read: usize,
}

/// Why a source cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadFault {
    /// The file cannot be opened.
    #[error("{path} cannot be read: {source}", path = .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its ending says nothing.
    #[error(transparent)]
    Format(#[from] UnknownFormat),
    /// What is in it is no table of this schema.
    #[error("{name}: {why}")]
    Content {
        /// The file, or "standard input".
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// The first bad row of a strict load.
    #[error("{name}, {bad}")]
    Strict {
        /// The file, or "standard input".
        name: String,
        /// The row.
        bad: BadRow,
    },
    /// Too large for one table.
    #[error(transparent)]
    TooMuchText(#[from] TooMuchText),
}

/// A file or standard input, with the format it is read in.
#[derive(Clone, Debug)]
pub struct Source {
    path: Option<PathBuf>,
    format: &'static dyn Format,
}

impl Source {
    /// `-` is standard input, read as CSV unless `format` says otherwise; a path is read as its ending says.
    ///
    /// # Errors
    /// When the ending is not known.
    pub fn parse(text: &str) -> Result<Source, UnknownFormat> {
        match text {
            "-" => Ok(Source {
                path: None,
                format: format::named("csv").unwrap_or(format::FORMATS[0]),
            }),
            path => Ok(Source {
                format: format::of(Path::new(path))?,
                path: Some(path.into()),
            }),
        }
    }

    /// What to call it in messages.
    pub fn name(&self) -> String {
        self.path
            .as_ref()
            .map_or_else(|| "standard input".to_owned(), |p| p.display().to_string())
    }

    /// Reads every row, good and bad, handing each over with its line.
    ///
    /// # Errors
    /// [`ReadFault`]; rows read before it have been handed over.
    pub fn each(
        &self,
        schema: &Schema,
        purpose: Purpose,
        each: EachRow<'_>,
    ) -> Result<(), ReadFault> {
        let content = |why: String| ReadFault::Content {
            name: self.name(),
            why,
        };
        match &self.path {
            None => self
                .format
                .read(&mut io::stdin().lock(), schema, purpose, each)
                .map_err(content),
            Some(path) => {
                let mut file = open(path)?;
                self.format
                    .read(&mut file, schema, purpose, each)
                    .map_err(content)
            }
        }
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
        let mut collector = Collector::new(schema, strict);
        self.each(schema, purpose, &mut |row| collector.take(row))?;
        collector.finish(self.name())
    }
}

fn open(path: &Path) -> Result<impl Read + use<>, ReadFault> {
    let file = File::open(path).map_err(|source| ReadFault::Open {
        path: path.to_owned(),
        source,
    })?;
    Ok(BufReader::with_capacity(1 << 16, file))
}

/// One row of a source: its line, and the row (which may have faults) or the fault of the line as a whole.
pub struct SourceRow<'r> {
    /// As in [`BadRow::line`].
    pub line: u64,
    /// The row.
    pub row: Result<&'r mut Row, Fault>,
}

/// What a source hands its rows to; it may break off.
pub type EachRow<'a> = &'a mut dyn FnMut(SourceRow<'_>) -> ControlFlow<()>;

/// The bad rows in a row's faults: one entry a fault.
pub fn bad_rows(line: u64, faults: &[Fault]) -> impl Iterator<Item = BadRow> + '_ {
    faults.iter().map(move |fault| BadRow {
        line,
        column: Some(fault.column.clone()).filter(|c| !c.is_empty()),
        value: fault.got.clone(),
        reason: fault.to_string(),
    })
}

struct Collector {
    loaded: Loaded,
    strict: bool,
    full: Option<TooMuchText>,
}

impl Collector {
    fn new(schema: &Arc<Schema>, strict: bool) -> Collector {
        let loaded = Loaded {
            table: Table::new(schema.clone()),
            bad: Vec::new(),
            left_out: 0,
            read: 0,
        };
        Collector {
            loaded,
            strict,
            full: None,
        }
    }

    fn take(&mut self, SourceRow { line, row }: SourceRow<'_>) -> ControlFlow<()> {
        self.loaded.read += 1;
        let faults = match row {
            Ok(row) if row.faults.is_empty() => {
                self.full = self.loaded.table.push(row).err();
                return if self.full.is_some() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                };
            }
            Ok(row) => std::mem::take(&mut row.faults),
            Err(fault) => vec![fault],
        };
        self.loaded.left_out += 1;
        let room = MOST_SHOWN.saturating_sub(self.loaded.bad.len());
        self.loaded.bad.extend(bad_rows(line, &faults).take(room));
        if self.strict {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn finish(mut self, name: String) -> Result<Loaded, ReadFault> {
        match self.full {
            Some(full) => Err(full.into()),
            None if self.strict && !self.loaded.bad.is_empty() => Err(ReadFault::Strict {
                name,
                bad: self.loaded.bad.swap_remove(0),
            }),
            None => Ok(self.loaded),
        }
    }
}

/// Reads a file into a table, bad rows left out.
///
/// # Errors
/// [`ReadFault`].
pub fn read_file(path: &Path, schema: &Arc<Schema>, purpose: Purpose) -> Result<Loaded, ReadFault> {
    Source {
        path: Some(path.to_owned()),
        format: format::of(path)?,
    }
    .load(schema, purpose, false)
}

/// Reads the table compiled into the binary.
///
/// # Errors
/// When it is no table of this schema.
pub fn bundled(schema: &Arc<Schema>) -> Result<Loaded, ReadFault> {
    from_memory(&text::CSV, BUNDLED, "the bundled table", schema)
}

/// Reads the bytes of [`write::table_as_parquet`].
///
/// # Errors
/// When it is no table of this schema.
pub fn kept(bytes: &[u8], schema: &Arc<Schema>) -> Result<Loaded, ReadFault> {
    from_memory(&parquet::Parquet, bytes, "the kept table", schema)
}

fn from_memory(
    format: &dyn Format,
    mut bytes: &[u8],
    name: &str,
    schema: &Arc<Schema>,
) -> Result<Loaded, ReadFault> {
    let mut collector = Collector::new(schema, false);
    let name = name.to_owned();
    format
        .read(&mut bytes, schema, Purpose::Learn, &mut |row| {
            collector.take(row)
        })
        .map_err(|why| ReadFault::Content {
            name: name.clone(),
            why,
        })?;
    collector.finish(name)
}
