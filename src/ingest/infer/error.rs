//! Why no spec can be made.

use crate::ingest::collect::MAX_BAD;
use crate::ingest::error::ReadFault;

/// Why no spec can be made.
#[derive(Debug, thiserror::Error)]
pub enum InferFault {
    /// The source cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ReadFault),
    /// There is no row in it.
    #[error("{source_name}: there are no rows to infer a spec from{}", first.as_ref().map(|f| format!("; {f}")).unwrap_or_default())]
    NoRows {
        source_name: String,
        /// The first line that is none, and why.
        first: Option<String>,
    },
    /// So many lines have no row that the rest is another table.
    #[error(
        "{source_name}: {unreadable} of {lines} lines cannot be read, and at most {most} % may be left out; the first: {first}",
        most = 100.0 * MAX_BAD
    )]
    TooManyUnreadable {
        source_name: String,
        /// Lines without a row.
        unreadable: u64,
        lines: u64,
        /// The first of them, and why it has none.
        first: String,
    },
    #[error("there is no column {wanted:?}{suggestion}; there are: {columns}")]
    NoTarget {
        /// The name or value that was given.
        wanted: String,
        suggestion: String,
        columns: String,
    },
    /// The target is not a yes/no column.
    #[error("the target {target:?} has {values}; it must have exactly two")]
    NotBinary { target: String, values: String },
    /// The positive value is not there.
    #[error("the target has no value {wanted:?}; it has {values}")]
    NoPositive {
        /// The name or value that was given.
        wanted: String,
        values: String,
    },
    /// No column to compare.
    #[error("{source_name}: there is nothing to compare: {why}")]
    NothingToCompare { source_name: String, why: String },
    /// No column to learn from.
    #[error("no column beside the target {target:?} can be learnt from: {why}")]
    NothingToLearnFrom {
        target: String,
        /// Each column, and why not.
        why: String,
    },
}
