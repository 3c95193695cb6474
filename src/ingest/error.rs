//! Errors of reading a source.

use std::io;
use std::path::PathBuf;

use crate::schema::Fault;
use crate::schema::table::TooMuchTextError;
use crate::telemetry::panics::PanicError;

/// The error of a sink, which is passed to the caller unchanged.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// An error that prevents a source from being read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be opened.
    #[error("{path} cannot be read: {source}", path = .path.display())]
    Open { path: PathBuf, source: io::Error },
    /// The file extension is not that of a known format.
    #[error(transparent)]
    Format(#[from] UnknownFormatError),
    /// The source and its options are incompatible: a mistake of the caller, detected before anything is read.
    #[error("{0}")]
    Usage(String),
    /// The content is not a table that fits the schema.
    #[error("{name}: {why}")]
    Content {
        /// The file, "standard input", the page's address or the database.
        name: String,
        why: FormatError,
    },
    /// A web API or database failed or sent an invalid response.
    #[error("{name}: {why}")]
    Remote {
        /// The page's address or the database, without credentials.
        name: String,
        /// What is wrong, and what to do.
        why: String,
    },
    /// The first bad row of a load in strict mode.
    #[error("{name}, line {line}: {fault}")]
    Strict {
        /// The file, "standard input", the page's address or the database.
        name: String,
        line: u64,
        fault: Box<Fault>,
    },
    /// The text of the source exceeds the limit of one table.
    #[error(transparent)]
    TooMuchText(#[from] TooMuchTextError),
    /// The sink of the rows failed.
    #[error(transparent)]
    Sink(SinkError),
    /// The load was cancelled.
    #[error("stopped before the end of the source")]
    Stopped,
}

/// Why the content of a source cannot be read as a table.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    #[error("reading failed: {0}")]
    Io(#[from] io::Error),
    /// A library that reads the format panicked.
    #[error("it is not readable, most likely damaged: {0}")]
    Panic(#[from] PanicError),
    /// The content is not what its format or the schema requires, in words.
    #[error("{0}")]
    Content(String),
}

impl From<String> for FormatError {
    fn from(why: String) -> FormatError {
        FormatError::Content(why)
    }
}

impl From<&str> for FormatError {
    fn from(why: &str) -> FormatError {
        FormatError::Content(why.to_owned())
    }
}

/// The file extension is not that of a known format.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "{path:?} does not say its format; known endings: {known}, each also with .gz or .zst behind it"
)]
pub struct UnknownFormatError {
    pub path: String,
    /// The extensions of all formats.
    pub known: String,
}

impl ReadError {
    /// Returns a constructor of [`ReadError::Content`] for the source called `name`.
    pub(super) fn content(name: &str) -> impl Fn(FormatError) -> ReadError {
        move |why| ReadError::Content {
            name: name.to_owned(),
            why,
        }
    }

    /// The error text without the name of the source.
    pub(super) fn why(&self) -> String {
        match self {
            ReadError::Open { source, .. } => format!("it cannot be read: {source}"),
            ReadError::Content { why, .. } => why.to_string(),
            ReadError::Remote { why, .. } => why.clone(),
            other => other.to_string(),
        }
    }

    /// Builds a [`ReadError::Remote`] for the source called `name`.
    pub(super) fn remote(name: &str, why: impl Into<String>) -> ReadError {
        ReadError::Remote {
            name: name.to_owned(),
            why: why.into(),
        }
    }
}
