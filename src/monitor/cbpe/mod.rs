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
mod reference;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stats::interval::Interval;

pub use reference::Reference;

/// What an estimate cannot see; to be shown wherever one is.
pub const NOTE: &str = "Estimated from the scores alone: it holds while scores are calibrated and what follows from a row \
     has not changed, and it is blind to corrupted inputs. Read it beside the drift verdict.";

/// How much of the time the truth lies within an interval, where the method's assumptions hold.
const CONFIDENCE: f64 = 0.95;

/// Estimated figures of some answers; none where undefined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EstimatedMetrics")]
pub struct Estimate {
    pub n: u64,
    /// Share of right decisions.
    pub accuracy: Option<f64>,
    /// Share of positives among the rows called positive; none if none was.
    pub precision: Option<f64>,
    /// Share of the positives called so; none where no score is above 0.
    pub recall: Option<f64>,
    /// Harmonic mean of precision and recall.
    pub f1: Option<f64>,
    /// Area under the ROC curve; none where all scores are 0, or all 1.
    pub auc: Option<f64>,
    /// Mean squared distance between score and truth.
    pub brier: Option<f64>,
    /// Standard error of the accuracy these rows turn out to have, given their scores: √(Σ p(1 − p))/n.
    pub accuracy_se: Option<f64>,
}

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

impl Estimate {
    /// The figure of a metric, by the metric's name; none where it is undefined or not estimated.
    pub fn get(&self, metric: &str) -> Option<f64> {
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

/// Estimates from calibrated scores, in [0, 1] each, in any order; a row is called positive from `threshold` on.
pub fn estimate(scores: &[f64], threshold: f64) -> Estimate {
    let guesses = Guesses::of(scores, threshold);
    let value = |guess: Option<Guess>| guess.map(|guess| guess.value);
    Estimate {
        n: scores.len() as u64,
        accuracy: value(guesses.accuracy),
        precision: value(guesses.precision),
        recall: value(guesses.recall),
        f1: value(guesses.f1),
        auc: value(guesses.auc),
        brier: value(guesses.brier),
        accuracy_se: guesses.accuracy.map(|guess| guess.error),
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

/// A figure, and how far the one these rows turn out to have scatters around it.
#[derive(Clone, Copy, Debug)]
struct Guess {
    value: f64,
    error: f64,
}

/// Every figure that is estimated.
#[derive(Clone, Copy, Debug)]
struct Guesses {
    accuracy: Option<Guess>,
    precision: Option<Guess>,
    recall: Option<Guess>,
    f1: Option<Guess>,
    auc: Option<Guess>,
    brier: Option<Guess>,
}

impl Guesses {
    fn of(scores: &[f64], threshold: f64) -> Guesses {
        let mut called = Side::default();
        let mut passed = Side::default();
        let mut brier_spread = 0.0;
        for p in scores {
            debug_assert!((0.0..=1.0).contains(p), "{p} is no probability");
            let side = if *p >= threshold {
                &mut called
            } else {
                &mut passed
            };
            side.rows += 1.0;
            side.positives += p;
            side.spread += p * (1.0 - p);
            brier_spread += p * (1.0 - p) * (1.0 - 2.0 * p).powi(2);
        }
        let n = scores.len() as f64;
        let positives = called.positives + passed.positives;
        let spread = called.spread + passed.spread;
        let right = called.positives + passed.rows - passed.positives;
        // A ratio of two sums over the truths, part/whole, moves with the truth of a row by (∂part − ratio·∂whole)/whole;
        // that is the same for all rows of a side.
        let ratio = |part: f64, whole: f64, moves: fn(f64) -> [f64; 2]| {
            let value = part / whole;
            let [on, off] = moves(value);
            let error = (called.spread * on * on + passed.spread * off * off).sqrt() / whole;
            (whole > 0.0).then_some(Guess { value, error })
        };
        Guesses {
            accuracy: ratio(right, n, |_| [1.0, -1.0]),
            precision: ratio(called.positives, called.rows, |_| [1.0, 0.0]),
            recall: ratio(called.positives, positives, |r| [1.0 - r, -r]),
            f1: ratio(2.0 * called.positives, called.rows + positives, |f| {
                [2.0 - f, -f]
            }),
            auc: area::guess(scores),
            brier: (n > 0.0).then(|| Guess {
                value: spread / n,
                error: brier_spread.sqrt() / n,
            }),
        }
    }
}

/// The rows on one side of the threshold.
#[derive(Clone, Copy, Debug, Default)]
struct Side {
    rows: f64,
    positives: f64,
    /// Σ p·(1 − p).
    spread: f64,
}

#[cfg(test)]
mod tests;
