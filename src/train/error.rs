//! The errors of a training.

use super::learners::LEARNERS;
use super::work::in_words;
use crate::model::ModelError;
use crate::schema::fault::nearest;
use crate::schema::spec::SpecError;

/// Why a training produced no model.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The table has no usable row.
    #[error("{}; it cannot be trained on", no_rows(*read))]
    NoRows {
        read: usize,
        /// Rows that violated the table contract.
        left_out: usize,
    },
    /// One of the two labels has too few rows.
    #[error(
        "only {rows} of {all} rows have the value {label} in the target column {column:?}; at least {needed} rows of each value are needed"
    )]
    OneClass {
        column: String,
        label: String,
        rows: usize,
        all: usize,
        /// Minimum rows of each label.
        needed: usize,
    },
    #[error("{rows} rows cannot be cut into {folds} folds; ask for {rows} or fewer with --folds")]
    FewerRowsThanFolds { rows: usize, folds: usize },
    /// Too many rows have no readable time, so the table cannot be split by time.
    #[error(
        "{rows} of {all} rows have no readable time in {column:?}, the column of evaluation: time; correct them (a number, or a \
         date as 2024-01-31), or raise the limit (--max-bad, over HTTP max_bad, from 0 to 1)"
    )]
    Untimed {
        column: String,
        /// Rows without a readable time.
        rows: usize,
        all: usize,
    },
    #[error(
        "no learner is sure to score a row within {}: the fastest, {learner}, may take {}; allow more with --max-latency (over \
         HTTP max_latency)",
        in_words(*limit),
        in_words(*latency)
    )]
    TooSlow {
        /// In nanoseconds, as `latency`.
        limit: u64,
        learner: &'static str,
        latency: u64,
    },
    #[error("{0}")]
    Request(String),
    #[error(
        "there is no learner {name:?}{}; there are: {}",
        suggestion(name),
        names()
    )]
    UnknownLearner { name: String },
    /// A learner's fit failed.
    #[error("the learner {learner} failed: {why}")]
    Learner { learner: &'static str, why: String },
    /// The recipe cannot be fitted on the table.
    #[error("the recipe cannot be fitted: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Recipe(Vec<SpecError>),
    /// The fitted parts do not form a valid model, which is a defect of this program.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The caller cancelled the training.
    #[error("stopped; nothing was written")]
    Stopped,
}

fn no_rows(read: usize) -> String {
    match read {
        0 => "the table has no rows".into(),
        _ => format!("none of the table's {read} rows can be used"),
    }
}

fn suggestion(name: &str) -> String {
    nearest(name, LEARNERS.iter().map(|l| l.name()))
        .map_or_else(String::new, |n| format!(", did you mean {n:?}?"))
}

fn names() -> String {
    ["auto"]
        .into_iter()
        .chain(LEARNERS.iter().map(|l| l.name()))
        .collect::<Vec<_>>()
        .join(", ")
}
