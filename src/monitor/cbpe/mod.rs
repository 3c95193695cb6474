//! How good answers are whose truths have not come: confidence-based performance estimation, as NannyML 0.13.1 defines it
//! (`performance_estimation/confidence_based/metrics.py`).
//!
//! A calibrated score p is right about its row with a known chance: called positive it is a true positive with p and a false
//! one with 1 − p, called negative a false negative with p and a true one with 1 − p. Summed, these are the expected counts,
//! from which accuracy, precision, recall and F1 follow; moving the threshold through all scores gives the expected ROC
//! curve and its area. The Brier score to be expected is the mean of p·(1 − p). (NannyML rounds the curve to five digits;
//! this does not. What NannyML calls 0 for want of a denominator is none here.)
//!
//! **How far off.** Given the scores, the truths are independent draws, so that a figure of n rows scatters by its
//! linearisation: Var = Σ p·(1 − p)·(∂figure/∂truth)². On top comes how far the method was off where the truth was known
//! ([`Reference`]): the interval is
//!
//! ```text
//! estimate ± ( 1.96 · √(sampling² + se²) + |estimated − known| )
//! ```
//!
//! with the last two terms, and se of the known figure, from the model's cross-validation.

mod area;
mod estimate;
mod guess;
mod reference;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stats::interval::Interval;

use estimate::Guesses;
pub use estimate::{Estimate, estimate};
use guess::Guess;
pub use reference::Reference;

/// What an estimate cannot see; to be shown wherever one is.
pub const NOTE: &str = "Estimated from the scores alone: it holds while scores are calibrated and what follows from a row \
     has not changed, and it is blind to corrupted inputs. Read it beside the drift verdict.";

/// Estimated figures with their intervals, for a model whose reference is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EstimatedPerformance")]
pub struct Estimated {
    #[serde(flatten)]
    pub estimate: Estimate,
    /// 95 % intervals of the figures, in [0, 1], sampling and reference error in them.
    pub intervals: Intervals,
    /// What it cannot see.
    pub note: Cow<'static, str>,
}

/// An interval a figure; none where the figure, or its error on the reference, is undefined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MetricIntervals")]
pub struct Intervals {
    pub accuracy: Option<Interval>,
    pub precision: Option<Interval>,
    pub recall: Option<Interval>,
    pub f1: Option<Interval>,
    pub auc: Option<Interval>,
    /// Of the Brier score.
    pub brier: Option<Interval>,
}

impl Intervals {
    /// The interval of a metric, by the metric's name.
    pub fn get(&self, metric: &str) -> Option<Interval> {
        match metric {
            "accuracy" => self.accuracy,
            "precision" => self.precision,
            "recall" => self.recall,
            "f1" => self.f1,
            "auc" => self.auc,
            "brier" => self.brier,
            _ => None,
        }
    }
}

/// The same with intervals, for a model with this reference.
pub fn judge(scores: &[f64], threshold: f64, reference: &Reference) -> Estimated {
    let guesses = Guesses::of(scores, threshold);
    let interval = |name, guess: Option<Guess>| reference.interval(name, guess?);
    Estimated {
        estimate: estimate(scores, threshold),
        intervals: Intervals {
            accuracy: interval("accuracy", guesses.accuracy),
            precision: interval("precision", guesses.precision),
            recall: interval("recall", guesses.recall),
            f1: interval("f1", guesses.f1),
            auc: interval("auc", guesses.auc),
            brier: interval("brier", guesses.brier),
        },
        note: NOTE.into(),
    }
}

#[cfg(test)]
mod tests;
