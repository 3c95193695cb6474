//! Responses to rows. The server writes them straight into its buffer (`serve::predict::answer`), byte for byte as these
//! structs would be; a test holds the two together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::column::Label;
use crate::serve::problem::Entry;

/// The response to a row, or to a list of rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Answer {
    /// To an object.
    One(Prediction),
    /// To a list.
    Many(Predictions),
}

/// The prediction of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Prediction {
    /// Absent from a trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub id: Option<String>,
    /// The predicted label.
    pub label: PredictedLabel,
    /// Of the positive value of the target.
    #[schemars(range(min = 0, max = 1))]
    pub probability: f64,
    /// The model that predicted.
    pub model: String,
    /// What was odd about the row.
    pub warnings: Vec<Warning>,
    /// Why, where that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Explanation")]
    pub explanation: Option<Explanation>,
}

/// One of the two values of the target; its schema is made from the live model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct PredictedLabel(pub Label);

/// Something odd about a value that did not keep the row from being answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// The column.
    pub column: String,
    /// What is odd, as a code.
    pub problem: String,
    /// The value as it came.
    pub value: Label,
}

/// Why a row got its probability: the base and the contributions sum to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// Mean probability of the training rows.
    pub base: f64,
    /// What the contributions are measured in: `probability`.
    pub unit: String,
    /// One entry a column that the model reads, largest first.
    pub contributions: Vec<Contribution>,
}

/// What one column adds to the base.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Contribution {
    /// The column.
    pub column: String,
    /// Its value in the row; null where it is missing.
    pub value: Option<Label>,
    /// What it adds to the probability.
    pub contribution: f64,
    /// Of linear scores: what the column adds to the log odds of the mean training row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    pub log_odds: Option<f64>,
}

/// The predictions of a list of rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Predictions {
    /// The model that predicted.
    pub model: String,
    /// One entry a row, in their order; null for a row with faults.
    pub predictions: Vec<Option<Prediction>>,
    /// The faults of such rows, where a partial response was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<Entry>")]
    pub errors: Option<Vec<Entry>>,
}
