//! The shadow comparison: a candidate scores live traffic beside the champion, and the two are compared as labels arrive.
//! The state can be persisted, and its verdict is valid at every look, so it may be read after every label.
//!
//! The comparison uses **clamped log losses**: probabilities are clamped to [0.01, 0.99], so the loss of one row is at most
//! 4.6. A bound that is valid at every look needs bounded rows, and the bound of unclamped log loss (36) would take several
//! times as many labels. 99 % is sufficient certainty for any decision, and within the limits the clamped score still
//! rewards calibrated probabilities. Plain mean log losses are reported as well. The bounds are those of [`Sequence`].

mod live;

use std::num::NonZeroUsize;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use live::{Live, LiveFigures};

use crate::promotion::gate::{Floor, Paired, Thresholds};
use crate::stats::difference::Difference;
use crate::stats::scores::log_loss;
use crate::stats::sequence::{Bounded, Sequence};

/// Probabilities are clamped to this distance from 0 and 1.
const HELD: f64 = 0.01;

/// Thresholds and horizon of the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Probability, over all looks together, of promoting a candidate that is no better; also of dropping a candidate before
    /// the horizon although it is better by `worth`. In (0, 1).
    pub level: f64,
    /// Gain in clamped log loss that justifies a swap, ≥ 0: a candidate whose gain is shown to be smaller is dropped.
    #[serde(alias = "worth")] // in states that stores up to revision 4 hold
    pub min_gain: f64,
    /// Number of labels after which a candidate without a proven gain is dropped.
    pub horizon: u64,
    /// Maximum predictions in the queue for the candidate's scoring.
    pub queue: NonZeroUsize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            level: 0.05,
            min_gain: 0.02,
            horizon: 10_000,
            queue: const { NonZeroUsize::new(4096).unwrap() },
        }
    }
}

/// The decision on the candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ShadowVerdict", inline)]
pub enum Verdict {
    /// The comparison continues.
    GoOn,
    /// The candidate is better than the champion and than the base rate, and its decisions are not shown to be worse.
    Promote,
    /// The candidate's gain is too small, or it is no better than the base rate, or its decisions are worse, or
    /// the horizon is reached.
    Drop,
}

/// The state of a comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shadow {
    options: Options,
    thresholds: Thresholds,
    /// Clamped log loss of the champion minus that of the candidate.
    gain: Sequence,
    /// Per row: 1 if only the candidate's decision was correct, −1 if only the champion's was, else 0.
    decisions: Sequence,
    plain: Difference,
    /// Number of rows with a positive label; `None` for a comparison that an earlier release began.
    #[serde(default)]
    positives: Option<u64>,
}

/// Current state of the comparison, for responses, the page and the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ShadowComparison")]
pub struct Figures {
    pub verdict: Verdict,
    pub rows: u64,
    /// Number of labels after which the candidate is dropped.
    pub horizon: u64,
    /// Error level of each bound.
    pub level: f64,
    /// Mean log loss of the champion, without clamping; `None` without labels.
    pub champion: Option<f64>,
    /// Mean log loss of the candidate, without clamping; `None` without labels.
    pub candidate: Option<f64>,
    /// Gain in clamped log loss.
    pub gain: Bounded,
    pub accuracy_gain: Bounded,
    /// The candidate's log loss against that of always predicting the base rate of these rows.
    pub floors: Vec<Floor>,
}

impl Shadow {
    pub fn new(thresholds: Thresholds, options: Options) -> Shadow {
        let most = held(0.0, true) - held(1.0, true);
        Shadow {
            options,
            thresholds,
            gain: Sequence::over(-most, most),
            decisions: Sequence::over(-1.0, 1.0),
            plain: Difference::default(),
            positives: Some(0),
        }
    }

    /// Decision thresholds of both models.
    pub fn thresholds(&self) -> Thresholds {
        self.thresholds
    }

    /// Adds a labelled row. Each row must be added once, in any order.
    pub fn update(&mut self, row: &Paired) -> Verdict {
        let Paired {
            positive,
            champion,
            candidate,
        } = *row;
        self.plain.update(positive, champion, candidate);
        self.positives = self.positives.map(|rows| rows + u64::from(positive));
        self.gain
            .update(held(champion, positive) - held(candidate, positive));
        let (first, second) = row.right(self.thresholds);
        self.decisions
            .update(f64::from(u8::from(second)) - f64::from(u8::from(first)));
        self.verdict()
    }

    /// The verdict from the labels so far.
    pub fn verdict(&self) -> Verdict {
        let Options {
            level,
            min_gain,
            horizon,
            ..
        } = self.options;
        if self.decisions.is_below(0.0, level) {
            Verdict::Drop
        } else if self.gain.is_above(0.0, level) {
            match self.is_no_better_than_base_rate() {
                true => Verdict::Drop,
                false => Verdict::Promote,
            }
        } else if self.gain.is_below(min_gain, level) || self.gain.rows() >= horizon {
            Verdict::Drop
        } else {
            Verdict::GoOn
        }
    }

    /// The candidate's log loss against the base rate's on the rows so far; `None` if the count of positives is not known.
    fn floor(&self) -> Option<Floor> {
        let (_, candidate) = self.plain.losses().unzip();
        Some(Floor::base_rate(
            self.positives?,
            self.plain.rows(),
            candidate,
        ))
    }

    fn is_no_better_than_base_rate(&self) -> bool {
        self.floor().is_some_and(|floor| !floor.holds)
    }

    /// A sentence with metrics that explains the verdict, for the ledger and the log.
    pub fn reason(&self) -> String {
        let Options {
            level, min_gain, ..
        } = self.options;
        let what = match self.verdict() {
            Verdict::GoOn => "nothing is shown yet",
            Verdict::Promote => "better on live traffic, at every look",
            Verdict::Drop if self.decisions.is_below(0.0, level) => "its decisions are worse",
            Verdict::Drop if self.gain.is_above(0.0, level) => {
                "better than the champion, but no better than always answering the base rate"
            }
            Verdict::Drop if self.gain.is_below(min_gain, level) => {
                "not better by what is worth a swap"
            }
            Verdict::Drop => "its time is over, and nothing is shown",
        };
        let Bounded { mean, low, high } = self.gain.bounded(level);
        format!(
            "{what}: gain in log loss {:.4}, between {low:.4} and {high:.4}, over {} labels",
            mean.unwrap_or(0.0),
            self.gain.rows()
        )
    }

    pub fn figures(&self) -> Figures {
        let Options { level, horizon, .. } = self.options;
        let (champion, candidate) = self.plain.losses().unzip();
        Figures {
            verdict: self.verdict(),
            rows: self.gain.rows(),
            horizon,
            level,
            champion,
            candidate,
            gain: self.gain.bounded(level),
            accuracy_gain: self.decisions.bounded(level),
            floors: self.floor().into_iter().collect(),
        }
    }
}

/// Log loss of a probability clamped to [0.01, 0.99].
fn held(probability: f64, positive: bool) -> f64 {
    log_loss(probability.clamp(HELD, 1.0 - HELD), positive)
}

#[cfg(test)]
mod tests;
