//! Current state of a probation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stats::resampled::Estimate;

/// Current state of a probation, for responses, the page and the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ProbationMetrics")]
pub struct Figures {
    pub rows: u64,
    /// Number of labels after which the probation ends.
    pub window: u64,
    /// Mean log loss without cap; `None` without labels.
    pub plain_log_loss: Option<f64>,
    /// Capped log loss against its expectation.
    pub log_loss: Figure,
    /// Share of wrong decisions against its expectation.
    pub error: Figure,
}

/// One metric against its expectation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ProbationMetric")]
pub struct Figure {
    pub expected: Estimate,
    /// Maximum that is still in keeping with the expectation, including slack.
    pub allowed: f64,
    /// Mean so far; `None` without labels.
    pub mean: Option<f64>,
    /// Lower confidence bound of the true value, valid at every look.
    pub low: f64,
}

impl Figures {
    /// A sentence that says which metric is too high and by how much.
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
        // If both are too high, the one that is further above its maximum.
        let beyond = |figure: &Figure| figure.low - figure.allowed;
        if beyond(&self.log_loss) >= beyond(&self.error) {
            sentence("log loss", &self.log_loss)
        } else {
            sentence("share of wrong decisions", &self.error)
        }
    }
}
