//! The result of a replay, as `replay --json` and the job of `POST /v1/replay` give it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::column::Label;

/// Comparison of stored predictions with those that another version makes for the same rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Replay {
    /// Version that made the stored predictions.
    pub from: String,
    /// Version that scored their rows again.
    pub to: String,
    /// Number of compared predictions.
    pub rows: u64,
    /// Number of stored predictions of `from` whose rows violate the contract of `to`.
    pub skipped: u64,
    /// Numbers of predictions with another decision.
    pub flips: Flips,
    pub difference: Difference,
    /// Rows and flips per level of each category column, most flips first. Columns of more than 100 levels are left out.
    pub by_column: Vec<ByLevel>,
    /// Comparison on the predictions whose labels are known; null if there are none.
    pub labelled: Option<Labelled>,
}

/// Numbers of predictions for which the two versions decide differently, each by its own threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ReplayFlips")]
pub struct Flips {
    /// `from` decided for the negative value of the target, `to` for the positive one.
    pub to_positive: u64,
    pub to_negative: u64,
}

/// Distribution of the differences of probabilities, `to` − `from`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ReplayDifference")]
pub struct Difference {
    pub mean: Option<f64>,
    /// Quantiles by their share, by linear interpolation; each within 5·10⁻⁷.
    pub quantiles: BTreeMap<String, Option<f64>>,
}

/// The rows with one level of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ReplayLevel")]
pub struct ByLevel {
    pub column: String,
    /// The level as in a row; null for rows without a value.
    pub level: Option<Label>,
    pub rows: u64,
    pub flips: u64,
}

/// Comparison on labelled predictions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ReplayLabelled")]
pub struct Labelled {
    pub rows: u64,
    /// Number of these rows whose labels had arrived before `to` was trained: it may have been trained on them, and its log
    /// loss on them is too low then.
    pub seen: u64,
    pub log_loss: LogLoss,
}

/// Mean log losses and their paired difference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ReplayLogLoss")]
pub struct LogLoss {
    pub from: f64,
    pub to: f64,
    /// Mean of `from` − `to`: positive if `to` is better.
    pub difference: f64,
    /// Lower end of the 95 % interval of the true difference: Student's t of the paired differences, widened for their skewness
    /// and for losses that no row has shown yet, as in the gate. Null with fewer than two rows.
    pub low: Option<f64>,
    pub high: Option<f64>,
}
