//! Estimates the quality of predictions whose labels have not arrived: confidence-based performance estimation (CBPE), as
//! NannyML 0.13.1 defines it (`performance_estimation/confidence_based/metrics.py`).
//!
//! A calibrated score p is the probability that its row is positive. A row predicted positive is a true positive with
//! probability p and a false positive with 1 − p; a row predicted negative is a false negative with p and a true negative with
//! 1 − p. The sums are the expected counts, from which accuracy, precision, recall and F1 follow; moving the threshold through
//! all scores gives the expected ROC curve and its area. The expected Brier score is the mean of p·(1 − p). NannyML rounds the
//! curve to five digits, and returns 0 where a denominator is missing; this module does not round, and returns `None`.
//!
//! **Intervals.** Given the scores, the labels are independent draws, so the variance of a metric over n rows follows by
//! linearisation: Var = Σ p·(1 − p)·(∂metric/∂label)². The known error of the method on labelled rows ([`Reference`]) is
//! added. The interval is
//!
//! ```text
//! estimate ± ( 1.96 · √(sampling² + se²) + |estimated − known| )
//! ```
//!
//! where |estimated − known| and se, the standard error of the known metric, come from the model's cross-validation.

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

/// What an estimate cannot detect; shown wherever an estimate is shown.
pub const NOTE: &str = "Estimated from the scores alone: it holds while scores are calibrated and what follows from a row \
     has not changed, and it is blind to corrupted inputs. Read it beside the drift verdict.";

/// Estimated metrics with intervals, for a model whose reference is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EstimatedPerformance")]
pub struct Estimated {
    #[serde(flatten)]
    pub estimate: Estimate,
    /// 95 % intervals of the metrics, in [0, 1], which include sampling and reference error.
    pub intervals: Intervals,
    /// What the estimate cannot detect.
    pub note: Cow<'static, str>,
}

/// One interval per metric; `None` if the metric, or its error on the reference, is undefined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MetricIntervals")]
pub struct Intervals {
    pub accuracy: Option<Interval>,
    pub precision: Option<Interval>,
    pub recall: Option<Interval>,
    pub f1: Option<Interval>,
    pub auc: Option<Interval>,
    pub brier: Option<Interval>,
}

impl Intervals {
    /// The interval of a metric by name.
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

/// The estimates of [`estimate()`] with intervals, for a model with this reference.
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
