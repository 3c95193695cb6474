//! The responses of the prediction routes. The server does not serialise these structs: it writes the same bytes directly into
//! its buffer (`serve::predictor::answer`), and a test checks that both are equal.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::column::Label;
use crate::serve::problem::Entry;

/// The response to a prediction request for a row or a list of rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Answer {
    /// The response to a single object.
    One(Prediction),
    /// The response to a list of objects.
    Many(Predictions),
}

/// The prediction of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Prediction {
    /// Id of the stored prediction; absent if the prediction is a trial, which is not stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub id: Option<String>,
    /// The predicted label.
    pub label: PredictedLabel,
    /// Predicted probability of the target's positive value.
    #[schemars(range(min = 0, max = 1))]
    pub probability: f64,
    /// Version name of the model that made the prediction.
    pub model: String,
    /// Warnings about values of the row.
    pub warnings: Vec<Warning>,
    /// The contributions of the columns, if the request asked for an explanation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Explanation")]
    pub explanation: Option<Explanation>,
}

/// The response to rows within an object such as `{"instances": […]}`, as hosting platforms send them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WrappedPredictions {
    /// One prediction per row, in the order of the request; null for a row with faults.
    pub predictions: Vec<Option<Prediction>>,
    /// The id of each prediction, by which its label can be sent later; null without one.
    pub ids: Vec<Option<String>>,
    /// The faults of the rows without a prediction, if the request asked for a partial response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<Entry>")]
    pub errors: Option<Vec<Entry>>,
}

/// The predicted label: one of the two values of the target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct PredictedLabel(pub Label);

/// A warning about a value. The row was predicted nevertheless.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// Name of the column.
    pub column: String,
    /// Code of the problem.
    pub problem: String,
    /// The value as received.
    pub value: Label,
}

/// An explanation of a probability, which is the sum of the base and the contributions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// Mean predicted probability of the training rows.
    pub base: f64,
    /// Unit of the contributions: `probability`.
    pub unit: String,
    /// One entry per column that the model reads, largest contribution first.
    pub contributions: Vec<Contribution>,
}

/// The contribution of a column to the probability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Contribution {
    /// Name of the column.
    pub column: String,
    /// The row's value in this column; null if it is missing.
    pub value: Option<Label>,
    /// Amount that the column adds to the probability; may be negative.
    pub contribution: f64,
    /// Linear models only: amount that the column adds to the log odds of the mean training row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "f64")]
    pub log_odds: Option<f64>,
}

/// The predictions of a list of rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Predictions {
    /// Version name of the model that made the predictions.
    pub model: String,
    /// One prediction per row, in the order of the request; null for a row with faults.
    pub predictions: Vec<Option<Prediction>>,
    /// The faults of the rows without a prediction, if the request asked for a partial response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<Entry>")]
    pub errors: Option<Vec<Entry>>,
}
