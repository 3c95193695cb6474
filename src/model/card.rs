//! The model card: facts about a model from its training, stored inside the model file.

use serde::{Deserialize, Serialize};

use crate::schema::ColumnWarning;
use crate::stats::metric::Metric;
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
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

    /// The JSON form: `{"folds", "repeats", "accuracy": {"mean", "se"}, …}`.
    pub fn to_json(&self) -> serde_json::Value {
        let mut json = serde_json::Map::new();
        json.insert("folds".into(), self.folds.into());
        json.insert("repeats".into(), self.repeats.into());
        for (name, estimate) in &self.metrics {
            let value = estimate.map(|e| serde_json::json!({"mean": e.mean, "se": e.se}));
            json.insert(name.clone(), value.unwrap_or_default());
        }
        let Confusion {
            true_positives,
            false_positives,
            true_negatives,
            false_negatives,
        } = self.confusion;
        json.insert("threshold".into(), self.threshold.into());
        json.insert(
            "confusion".into(),
            serde_json::json!({
                "true_positives": true_positives, "false_positives": false_positives,
                "true_negatives": true_negatives, "false_negatives": false_negatives,
            }),
        );
        json.into()
    }
}
