//! Errors of reading a source.

use std::io;
use std::path::PathBuf;

use crate::schema::Fault;
use crate::schema::table::TooMuchTextError;

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
        /// What is wrong with the content.
        why: String,
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
    pub(super) fn content(name: &str) -> impl Fn(String) -> ReadError {
        move |why| ReadError::Content {
            name: name.to_owned(),
            why,
        }
    }

    /// The error text without the name of the source.
    pub(super) fn why(&self) -> String {
        match self {
            ReadError::Open { source, .. } => format!("it cannot be read: {source}"),
            ReadError::Content { why, .. } | ReadError::Remote { why, .. } => why.clone(),
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
