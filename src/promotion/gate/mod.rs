//! The gate: decides whether a candidate may become champion, from labelled rows that the champion was not trained on and
//! for which the candidate's predictions are out of fold. A pure function of both models' predictions for the same rows.
//!
//! The gate is a single look. Repeated looks as labels arrive need other bounds, which [`super::shadow`] has.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod base_rate;
mod reason;
mod weigh;

pub use weigh::weigh;

/// One labelled row with both models' predictions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// Whether the label is the positive value of the target.
    pub positive: bool,
    /// The champion's probability of the positive value, in [0, 1].
    pub champion: f64,
    pub candidate: f64,
}

/// Thresholds of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Probability of promoting a candidate whose log loss is no better, in (0, 0.5); also of finding its decisions worse
    /// when they are not. The default is 4 %, because the bound is not exact and 5 % is promised.
    pub level: f64,
    /// Minimum rows for a verdict; at least 30, below which the bound does not hold.
    pub min_rows: u64,
    /// Minimum gain in log loss that justifies a swap, > 0. If the candidate cannot be this much better, the gate decides to
    /// keep the champion. A gain of 0.02 corresponds to about 1.5 points of accuracy.
    pub min_gain: f64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            level: 0.04,
            min_rows: 100,
            min_gain: 0.02,
        }
    }
}

/// Decision thresholds of both models: a prediction is positive if its probability reaches the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    pub champion: f64,
    pub candidate: f64,
}

/// The decision of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "GateVerdict", inline)]
pub enum Verdict {
    /// The candidate has a better log loss, its decisions are not worse, and it misses no floor.
    Promote,
    /// The candidate is not better, or not by enough to justify a swap.
    Keep,
    /// There are too few rows to decide.
    Insufficient,
}

/// The verdict with all its evidence, in the form of responses, the page and the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Gate {
    pub verdict: Verdict,
    /// Number of compared rows.
    pub rows: u64,
    /// Estimated number of additional rows needed for a verdict, from the variance of the rows so far; 0 if there is a verdict.
    pub needed: u64,
    pub log_loss: LogLoss,
    pub mcnemar: McNemar,
    /// The candidate's metrics on these rows against the floors of the spec and, as the last entry, the base rate's log loss.
    pub floors: Vec<Floor>,
}

/// Mean log losses and their difference; `None` if there are too few rows to define them.
#[derive(Clone, Copy, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "GateLogLoss")]
pub struct LogLoss {
    pub champion: Option<f64>,
    pub candidate: Option<f64>,
    /// Champion minus candidate, which is positive if the candidate is better.
    pub difference: Option<f64>,
    /// Lower confidence bound of the true difference, at 1 − level ([`crate::stats::difference::Difference::bounds`]).
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// McNemar's exact test on the decisions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct McNemar {
    /// Rows on which only the champion's decision was correct.
    pub champion_right: u64,
    /// Rows on which only the candidate's decision was correct.
    pub candidate_right: u64,
    pub p_value: f64,
}

/// The worst value of a metric that a candidate may have, from the spec or from the rows themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Floor {
    pub metric: String,
    /// Worst allowed value of the metric.
    pub floor: f64,
    /// Value of the candidate; `None` if these rows leave it undefined.
    pub value: Option<f64>,
    /// Whether the floor is met; an undefined value does not meet it.
    pub holds: bool,
}

impl Paired {
    /// Whether the champion's decision is correct, and whether the candidate's is.
    pub fn right(&self, thresholds: Thresholds) -> (bool, bool) {
        (
            (self.champion >= thresholds.champion) == self.positive,
            (self.candidate >= thresholds.candidate) == self.positive,
        )
    }
}

#[cfg(test)]
mod tests;
