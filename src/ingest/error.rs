use std::io;
use std::path::PathBuf;

use super::bad_row::BadRow;
use crate::schema::table::TooMuchText;

/// The error of a sink, which is passed to the caller unchanged.
pub type SinkFault = Box<dyn std::error::Error + Send + Sync>;

/// An error that prevents a source from being read.
#[derive(Debug, thiserror::Error)]
pub enum ReadFault {
    /// The file cannot be opened.
    #[error("{path} cannot be read: {source}", path = .path.display())]
    Open { path: PathBuf, source: io::Error },
    /// The file extension is not that of a known format.
    #[error(transparent)]
    Format(#[from] UnknownFormat),
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
    #[error("{name}, {bad}")]
    Strict {
        /// The file, "standard input", the page's address or the database.
        name: String,
        bad: BadRow,
    },
    /// The text of the source exceeds the limit of one table.
    #[error(transparent)]
    TooMuchText(#[from] TooMuchText),
    /// The sink of the rows failed.
    #[error(transparent)]
    Sink(SinkFault),
    /// The load was cancelled.
    #[error("stopped before the end of the source")]
    Stopped,
}

/// The file extension is not that of a known format.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "{path:?} does not say its format; known endings: {known}, each also with .gz or .zst behind it"
)]
pub struct UnknownFormat {
    pub path: String,
    /// The extensions of all formats.
    pub known: String,
}

impl ReadFault {
    /// Returns a constructor of [`ReadFault::Content`] for the source called `name`.
    pub(super) fn content(name: &str) -> impl Fn(String) -> ReadFault {
        move |why| ReadFault::Content {
            name: name.to_owned(),
            why,
        }
    }

    /// The error text without the name of the source.
    pub(super) fn why(&self) -> String {
        match self {
            ReadFault::Open { source, .. } => format!("it cannot be read: {source}"),
            ReadFault::Content { why, .. } | ReadFault::Remote { why, .. } => why.clone(),
            other => other.to_string(),
        }
    }

    /// Builds a [`ReadFault::Remote`] for the source called `name`.
    pub(super) fn remote(name: &str, why: impl Into<String>) -> ReadFault {
        ReadFault::Remote {
            name: name.to_owned(),
            why: why.into(),
        }
    }
}
