//! Probation as it stands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stats::resampled::Estimate;

/// Probation as it stands: for responses, the page and the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ProbationMetrics")]
pub struct Figures {
    pub rows: u64,
    /// Labels it lasts for.
    pub window: u64,
    /// Mean log loss, plain; null without labels.
    pub plain_log_loss: Option<f64>,
    /// Log loss, capped, against what was expected.
    pub log_loss: Figure,
    /// Share of wrong decisions, likewise.
    pub error: Figure,
}

/// One figure against its expectation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ProbationMetric")]
pub struct Figure {
    pub expected: Estimate,
    /// The most that is taken for it, slack included.
    pub allowed: f64,
    /// Mean so far; null without labels.
    pub mean: Option<f64>,
    /// It is truly above this, at every look.
    pub low: f64,
}

impl Figures {
    /// Which figure is too high, by how much, in a sentence.
    pub(super) fn why(&self) -> String {
        let sentence = |word, figure: &Figure| {
            let Figure {
                expected,
                allowed,
                mean,
                low,
            } = figure;
            format!(
                "{word} {:.4} over {} labels, truly above {low:.4}; {:.4} was expected, up to {allowed:.4} allowed",
                mean.unwrap_or(0.0),
                self.rows,
                expected.mean
            )
        };
        // Where both are too high, the one that is the further above.
        let beyond = |figure: &Figure| figure.low - figure.allowed;
        if beyond(&self.log_loss) >= beyond(&self.error) {
            sentence("log loss", &self.log_loss)
        } else {
            sentence("share of wrong decisions", &self.error)
        }
    }
}
