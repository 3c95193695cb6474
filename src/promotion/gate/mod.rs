//! The gate: whether a candidate may become champion, decided on labelled rows that the champion never saw and the
//! candidate answered out of fold. A plain function of both models' answers to the same rows.
//!
//! It is one look. To look again and again as labels arrive is [`super::shadow`]'s business, whose bounds hold for that.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod base_rate;
mod reason;
mod weigh;

pub use weigh::weigh;

/// One labelled row and both models' answers to it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Paired {
    /// What happened: whether the target has its positive value.
    pub positive: bool,
    /// The champion's probability of that value, in [0, 1].
    pub champion: f64,
    pub candidate: f64,
}

/// How much has to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Chance of promoting a candidate whose log loss is no better, in (0, 0.5); also of calling its decisions worse when
    /// they are not. Four of a hundred: the bound is not exact, and five are promised.
    pub level: f64,
    /// Rows without which there is no verdict; at least 30, below which the bound does not hold.
    pub least: u64,
    /// Gain in log loss that is worth a swap, > 0. A candidate that cannot be that much better is not waited for. Two
    /// hundredths are about what a point and a half of accuracy brings.
    pub worth: f64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            level: 0.04,
            least: 100,
            worth: 0.02,
        }
    }
}

/// From probability to label, for either model: yes where the probability reaches it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    pub champion: f64,
    pub candidate: f64,
}

/// What the rows say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "GateVerdict", inline)]
pub enum Verdict {
    /// The candidate is better, decides no worse, and misses no floor.
    Promote,
    /// It is not, or it would hardly be worth a swap.
    Keep,
    /// There are too few rows to say.
    Insufficient,
}

/// The verdict with everything it rests on, as it stands in answers, on the page and in the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Gate {
    /// What the rows say.
    pub verdict: Verdict,
    /// Rows it rests on.
    pub rows: u64,
    /// How many more are needed for a verdict; 0 where there is one. An estimate from the spread of the rows so far.
    pub needed: u64,
    pub log_loss: LogLoss,
    pub mcnemar: McNemar,
    /// The spec's floors, and last the base rate's log loss, held against the candidate's metrics on these rows.
    pub floors: Vec<Floor>,
}

/// Mean log losses and their difference; null where too few rows leave them undefined.
#[derive(Clone, Copy, Debug, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "GateLogLoss")]
pub struct LogLoss {
    pub champion: Option<f64>,
    pub candidate: Option<f64>,
    /// Champion − candidate: positive where the candidate is better.
    pub difference: Option<f64>,
    /// The true difference is above this with confidence 1 − level ([`crate::stats::difference::Difference::bounds`]).
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// McNemar's exact test on the decisions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct McNemar {
    /// Rows only the champion decided rightly.
    pub champion_right: u64,
    /// Rows only the candidate decided rightly.
    pub candidate_right: u64,
    pub p_value: f64,
}

/// A worst value that the candidate may have: of the spec, or of the rows themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Floor {
    pub metric: String,
    /// Its worst value allowed.
    pub floor: f64,
    /// The candidate's; null where these rows leave it undefined.
    pub value: Option<f64>,
    /// Whether it is met; what is undefined is not.
    pub holds: bool,
}

impl Paired {
    /// Whether the champion decides the row rightly, and whether the candidate does.
    pub fn right(&self, thresholds: Thresholds) -> (bool, bool) {
        (
            (self.champion >= thresholds.champion) == self.positive,
            (self.candidate >= thresholds.candidate) == self.positive,
        )
    }
}

#[cfg(test)]
mod tests;
