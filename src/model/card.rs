//! The model card: facts about a model from its training, stored inside the model file.

use std::borrow::Cow;

use indexmap::IndexMap;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::evaluation::Evaluation;
use crate::schema::ColumnWarning;
use crate::stats::metric::{METRICS, Metric};
use crate::stats::resampled::Estimate;

/// Facts about a model from its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The selected learner.
    pub learner: String,
    pub choice: String,
    /// The selected calibration.
    pub calibration: String,
    /// The seed of all random decisions in the training.
    pub seed: u64,
    pub rows: usize,
    /// Rows whose target is the positive value.
    pub positives: usize,
    /// Rows excluded from the training because they violate the schema.
    pub left_out: usize,
    /// SHA-256 of the training table, which is its name under `tables`.
    pub table: String,
    /// Cross-validated metrics of the selected learner.
    pub cv: Figures,
    /// Cross-validated metrics without the features derived from the labels of other rows; `None` if there are no such
    /// features.
    pub without_companions: Option<Figures>,
    pub candidates: Vec<Candidate>,
    /// Warnings from fitting the recipe.
    pub warnings: Vec<String>,
    /// Data-quality warnings of the table, by column. A model file stores them outside the card, whose layout is fixed
    /// by format revision 1.
    #[serde(skip)]
    pub table_warnings: Vec<ColumnWarning>,
    /// How the model did on rows that it was not fitted on; `None` in files of earlier releases. Stored as the warnings are.
    #[serde(skip)]
    pub evaluation: Option<Box<Evaluation>>,
    /// What the training took; `None` in files of earlier releases. Stored as the warnings are.
    #[serde(skip)]
    pub work: Option<Work>,
}

/// The work of a training, in units of about a nanosecond of one core, from a fixed table of costs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TrainingWork")]
pub struct Work {
    /// Units of the training.
    pub units: u64,
    /// Largest number of units that was requested; null for the usual.
    pub budget: Option<u64>,
    /// Longest time to score one row that was requested, in nanoseconds; null for any.
    pub max_latency: Option<u64>,
    /// What the budget left out, in words.
    pub left_out: Vec<String>,
}

/// A learner that was evaluated in the selection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    pub learner: String,
    pub calibration: String,
    pub cv: Figures,
}

/// Metrics of a repeated cross-validation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    pub folds: usize,
    pub repeats: usize,
    /// The decision threshold that the metrics are computed with.
    pub threshold: f64,
    /// Each metric by name; `None` if it is undefined in every fold.
    pub metrics: Vec<(String, Option<Estimate>)>,
    /// The confusion matrix over all rows, averaged over the repeats.
    pub confusion: Confusion,
}

/// Mean counts over the repeats of a cross-validation, in each of which every row counts once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Confusion {
    pub true_positives: f64,
    pub false_positives: f64,
    pub true_negatives: f64,
    pub false_negatives: f64,
}

impl Figures {
    /// The estimate of a metric.
    pub fn get(&self, metric: &Metric) -> Option<Estimate> {
        self.metrics
            .iter()
            .find(|(name, _)| name == metric.name)
            .and_then(|(_, e)| *e)
    }

    /// As documents have them.
    pub fn document(&self) -> CrossValidated {
        CrossValidated {
            folds: self.folds,
            repeats: self.repeats,
            metrics: Estimates(self.metrics.iter().cloned().collect()),
            threshold: self.threshold,
            confusion: self.confusion,
        }
    }
}

/// Cross-validated metrics as documents have them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CrossValidated {
    /// Folds.
    pub folds: usize,
    /// Repeats.
    pub repeats: usize,
    /// One entry a metric; null where it is undefined in every fold.
    #[serde(flatten)]
    pub metrics: Estimates,
    /// Decision threshold they hold for.
    pub threshold: f64,
    /// True and false positives and negatives over all rows, averaged over the repeats.
    pub confusion: Confusion,
}

/// Mean and standard error of metrics, by name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Estimates(IndexMap<String, Option<Estimate>>);

impl Estimates {
    /// The estimate of a metric by its name.
    pub fn get(&self, metric: &str) -> Option<Estimate> {
        self.0.get(metric).copied().flatten()
    }
}

impl JsonSchema for Estimates {
    fn schema_name() -> Cow<'static, str> {
        "Estimates".into()
    }

    fn inline_schema() -> bool {
        true
    }

    /// A member for each of the metrics there are.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let estimate = generator.subschema_for::<Option<Estimate>>();
        let members = METRICS.iter().map(|metric| {
            let mut member = estimate.clone();
            member.insert("description".into(), metric.doc.into());
            (metric.name.to_owned(), member.to_value())
        });
        let members: serde_json::Map<String, serde_json::Value> = members.collect();
        json_schema!({"type": "object", "properties": members})
    }
}
