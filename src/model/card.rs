//! The card: what is known of a model from its training. It travels inside the model.

use serde::{Deserialize, Serialize};

use crate::schema::ColumnWarning;
use crate::stats::metric::Metric;
use crate::stats::resampled::Estimate;

/// What is known of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// Learner that was chosen.
    pub learner: String,
    pub choice: String,
    /// Calibration that was chosen.
    pub calibration: String,
    /// Seed of everything random.
    pub seed: u64,
    pub rows: usize,
    /// Rows whose target is the positive value.
    pub positives: usize,
    /// Rows left out because they broke the table's contract.
    pub left_out: usize,
    /// SHA-256 of the table, as kept under `tables`.
    pub table: String,
    /// Cross-validated figures of the chosen learner.
    pub cv: Figures,
    /// The same without the features that come from the labels of other rows, where there are any.
    pub without_companions: Option<Figures>,
    pub candidates: Vec<Candidate>,
    /// What was odd about the fit of the recipe.
    pub warnings: Vec<String>,
    /// What was odd about the table, by column. A model file keeps it beside the card, whose layout is that of revision 1.
    #[serde(skip)]
    pub table_warnings: Vec<ColumnWarning>,
}

/// A learner that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    pub learner: String,
    pub calibration: String,
    pub cv: Figures,
}

/// Figures of a repeated cross-validation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    pub folds: usize,
    pub repeats: usize,
    /// Decision threshold they hold for.
    pub threshold: f64,
    /// One entry a metric, by name; none where it is undefined in every fold.
    pub metrics: Vec<(String, Option<Estimate>)>,
    /// True and false positives and negatives over all rows, averaged over the repeats.
    pub confusion: Confusion,
}

/// Mean counts over the repeats of a cross-validation: each row counts once.
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

    /// As JSON: `{"folds", "repeats", "accuracy": {"mean", "se"}, …}`.
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
