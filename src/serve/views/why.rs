//! Everything that is known of a prediction, a model version, an alert or a verdict.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Event, Explanation, Line, PredictedLabel};
use crate::registry::Role;
use crate::registry::ledger::Action;
use crate::schema::column::Label;

/// Everything that is known of one thing; `about` says of which kind it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Why {
    Prediction(Box<WhyPrediction>),
    Model(WhyModel),
    Alert(WhyAlert),
    Verdict(WhyVerdict),
}

/// A stored prediction with everything that led to it and followed from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WhyPrediction {
    #[schemars(extend("const" = "prediction"))]
    pub about: Cow<'static, str>,
    pub id: String,
    /// The prediction event, with the row, the predicted label and the probability.
    pub event: Event,
    /// The ground-truth label; null until one is known.
    pub truth: Option<Label>,
    /// The version that made the prediction; null if it is not registered.
    pub model: Option<Line>,
    /// The features that this version computes from the row. Empty if its file cannot be read.
    pub features: Vec<FeatureValue>,
    /// The contributions of the columns; null if the version's file cannot be read.
    pub explanation: Option<Explanation>,
    /// The verdicts on drift whose windows contain the prediction, oldest first.
    pub windows: Vec<Event>,
    /// What the other versions answer for the row, newest first. At most ten of them.
    pub versions: Vec<OtherAnswer>,
    /// What could not be determined, with the reason.
    pub notes: Vec<String>,
}

/// The value of a feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FeatureValue {
    pub name: String,
    /// Null where it is missing.
    pub value: Option<f64>,
}

/// What another version answers for a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OtherAnswer {
    pub model: String,
    pub role: Role,
    /// Predicted probability of the target's positive value; null if the version cannot answer.
    pub probability: Option<f64>,
    pub label: Option<PredictedLabel>,
    /// Why the version cannot answer; null if it can.
    pub error: Option<String>,
}

/// A model version with its history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WhyModel {
    #[schemars(extend("const" = "model"))]
    pub about: Cow<'static, str>,
    pub model: Line,
    /// The lines of the ledger about the version, oldest first.
    pub history: Vec<LedgerLine>,
}

/// A line of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerLine {
    pub seq: u64,
    /// Time of the decision, RFC 3339.
    pub time: String,
    pub action: Action,
    /// The champion before; for a shadow model, the champion that it is compared with.
    pub previous: Option<String>,
    /// Who decided: a command, the name of a token, a rule.
    pub by: String,
    pub reason: String,
    /// The metrics on which the decision was based.
    pub evidence: Value,
}

/// An alert with its history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WhyAlert {
    #[schemars(extend("const" = "alert"))]
    pub about: Cow<'static, str>,
    /// Id of the alert.
    pub id: String,
    /// The changes of its state, oldest first.
    pub events: Vec<Event>,
    /// The last verdict on the alert's subject before it began to fire; null if the alert has another cause.
    pub verdict: Option<Event>,
}

/// A verdict of the monitor or the retrain controller.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WhyVerdict {
    #[schemars(extend("const" = "verdict"))]
    pub about: Cow<'static, str>,
    /// The verdict, with its evidence.
    pub event: Event,
    /// The changes of alerts about the same model between this verdict and the next one on the same subject.
    pub alerts: Vec<Event>,
}
