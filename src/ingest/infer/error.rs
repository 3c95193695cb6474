//! Errors of inferring a spec.

use crate::ingest::collect::MAX_BAD;
use crate::ingest::error::ReadError;

/// An error that prevents a spec from being inferred.
#[derive(Debug, thiserror::Error)]
pub enum InferError {
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    /// The source has no rows.
    #[error("{source_name}: there are no rows to infer a spec from{}", first.as_ref().map(|f| format!("; {f}")).unwrap_or_default())]
    NoRows {
        source_name: String,
        /// The first line that is not a row, and the reason.
        first: Option<String>,
    },
    /// So many lines are not rows that the parsed part does not represent the table.
    #[error(
        "{source_name}: {unreadable} of {lines} lines cannot be read, and at most {most} % may be left out; the first: {first}",
        most = 100.0 * MAX_BAD
    )]
    TooManyUnreadable {
        source_name: String,
        /// Lines that cannot be parsed as rows.
        unreadable: u64,
        lines: u64,
        /// The first of these lines, and the reason.
        first: String,
    },
    #[error("there is no column {wanted:?}{suggestion}; there are: {columns}")]
    NoTarget {
        /// The column name that the caller gave.
        wanted: String,
        suggestion: String,
        columns: String,
    },
    /// The target column does not have exactly two values.
    #[error("the target {target:?} has {values}; it must have exactly two")]
    NotBinary { target: String, values: String },
    /// The target has no value equal to the requested positive value.
    #[error("the target has no value {wanted:?}; it has {values}")]
    NoPositive {
        /// The positive value that the caller gave.
        wanted: String,
        values: String,
    },
    /// No column of the table can be compared.
    #[error("{source_name}: there is nothing to compare: {why}")]
    NothingToCompare { source_name: String, why: String },
    /// No column of the table can be used as a feature.
    #[error("no column beside the target {target:?} is usable: {why}")]
    NothingToLearnFrom {
        target: String,
        /// Each column, and the reason why it cannot be used.
        why: String,
    },
}
