//! Errors of writing a table or predictions.

use std::io;
use std::path::PathBuf;

use crate::schema::table::TooMuchTextError;

/// An error that prevents a table or predictions from being written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The file cannot be written.
    #[error("{path} cannot be written: {source}", path = .path.display())]
    Io { path: PathBuf, source: io::Error },
    /// The file extension is not that of a format for predictions.
    #[error("{0:?} does not say its format; answers are written as csv, jsonl or parquet")]
    Format(String),
    /// The file extension is not that of a format for tables.
    #[error("{0:?} does not say its format; tables are written as csv or parquet")]
    TableFormat(String),
    #[error("writing Parquet failed: {0}")]
    Parquet(#[from] polars::error::PolarsError),
    /// The first ids were whole numbers and a later one is text.
    #[error(
        "the ids are whole numbers at first and text later, which one column of Parquet cannot hold; write CSV"
    )]
    MixedIds,
    /// The text of the table exceeds the limit of one table.
    #[error(transparent)]
    TooMuchText(#[from] TooMuchTextError),
}

impl WriteError {
    /// The error of an output stream that the caller opened.
    pub(super) fn output(source: io::Error) -> WriteError {
        WriteError::Io {
            path: "the output".into(),
            source,
        }
    }
}
