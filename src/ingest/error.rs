//! Why a source cannot be read.

use std::io;
use std::path::PathBuf;

use super::bad_row::BadRow;
use crate::schema::table::TooMuchText;

/// What a sink may fail with; it is handed through as it came.
pub type SinkFault = Box<dyn std::error::Error + Send + Sync>;

/// Why a source cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadFault {
    /// The file cannot be opened.
    #[error("{path} cannot be read: {source}", path = .path.display())]
    Open { path: PathBuf, source: io::Error },
    /// Its ending says nothing.
    #[error(transparent)]
    Format(#[from] UnknownFormat),
    /// The source and its options do not fit together: a mistake of who asks, found before anything is read.
    #[error("{0}")]
    Usage(String),
    /// What is in it is no table of this schema.
    #[error("{name}: {why}")]
    Content {
        /// The file, "standard input", the page's address or the database.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// The other side does not answer as it should.
    #[error("{name}: {why}")]
    Remote {
        /// The page's address or the database, without credentials.
        name: String,
        /// What is wrong, and what to do.
        why: String,
    },
    /// The first bad row of a strict load.
    #[error("{name}, {bad}")]
    Strict {
        /// The file, "standard input", the page's address or the database.
        name: String,
        bad: BadRow,
    },
    /// Too large for one table.
    #[error(transparent)]
    TooMuchText(#[from] TooMuchText),
    /// Where the rows go refused them.
    #[error(transparent)]
    Sink(SinkFault),
    /// Somebody asked for an end.
    #[error("stopped before the end of the source")]
    Stopped,
}

/// A file whose ending is not known.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "{path:?} does not say its format; known endings: {known}, each also with .gz or .zst behind it"
)]
pub struct UnknownFormat {
    pub path: String,
    /// The endings of all formats.
    pub known: String,
}

impl ReadFault {
    /// [`ReadFault::Content`] of a name.
    pub(super) fn content(name: &str) -> impl Fn(String) -> ReadFault {
        move |why| ReadFault::Content {
            name: name.to_owned(),
            why,
        }
    }

    /// What is wrong, without the name of what it is wrong with.
    pub(super) fn why(&self) -> String {
        match self {
            ReadFault::Open { source, .. } => format!("it cannot be read: {source}"),
            ReadFault::Content { why, .. } | ReadFault::Remote { why, .. } => why.clone(),
            other => other.to_string(),
        }
    }

    /// [`ReadFault::Remote`] of a name.
    pub(super) fn remote(name: &str, why: impl Into<String>) -> ReadFault {
        ReadFault::Remote {
            name: name.to_owned(),
            why: why.into(),
        }
    }
}
