//! Why something cannot be written.

use std::io;
use std::path::PathBuf;

use crate::schema::table::TooMuchText;

/// Why something cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteFault {
    /// The file cannot be written.
    #[error("{path} cannot be written: {source}", path = .path.display())]
    Io { path: PathBuf, source: io::Error },
    /// Its ending says nothing.
    #[error("{0:?} does not say its format; answers are written as csv, jsonl or parquet")]
    Format(String),
    /// Its ending says nothing.
    #[error("{0:?} does not say its format; tables are written as csv or parquet")]
    TableFormat(String),
    #[error("writing Parquet failed: {0}")]
    Parquet(#[from] polars::error::PolarsError),
    /// Ids that are numbers at first and text later.
    #[error(
        "the ids are whole numbers at first and text later, which one column of Parquet cannot hold; write CSV"
    )]
    MixedIds,
    /// Too large for one table.
    #[error(transparent)]
    TooMuchText(#[from] TooMuchText),
}

impl WriteFault {
    /// Output that somebody else opened.
    pub(super) fn output(source: io::Error) -> WriteFault {
        WriteFault::Io {
            path: "the output".into(),
            source,
        }
    }
}
