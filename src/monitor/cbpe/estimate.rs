//! Expected metrics from calibrated scores, and their standard errors.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::area;
use super::guess::Guess;

/// Estimated metrics of a set of predictions; `None` where undefined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EstimatedMetrics")]
pub struct Estimate {
    pub n: u64,
    /// Share of correct decisions.
    pub accuracy: Option<f64>,
    /// Share of positives among the rows predicted positive; `None` if none was predicted positive.
    pub precision: Option<f64>,
    /// Share of the positives that are predicted positive; `None` if no score is above 0.
    pub recall: Option<f64>,
    pub f1: Option<f64>,
    /// Area under the ROC curve; `None` if all scores are 0 or all are 1.
    pub auc: Option<f64>,
    /// Mean squared difference between score and label.
    pub brier: Option<f64>,
    /// Standard error of the accuracy that these rows turn out to have, given their scores: √(Σ p(1 − p))/n.
    pub accuracy_se: Option<f64>,
}

impl Estimate {
    /// The estimate of a metric by name; `None` if it is undefined or not estimated.
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

/// Estimates the metrics from calibrated scores in [0, 1], in any order; a row is predicted positive from `threshold` on.
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

#[derive(Clone, Copy, Debug)]
pub(super) struct Guesses {
    pub accuracy: Option<Guess>,
    pub precision: Option<Guess>,
    pub recall: Option<Guess>,
    pub f1: Option<Guess>,
    pub auc: Option<Guess>,
    pub brier: Option<Guess>,
}

impl Guesses {
    pub fn of(scores: &[f64], threshold: f64) -> Guesses {
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
        // A ratio part/whole of two sums over the labels changes with one row's label by (∂part − ratio·∂whole)/whole, which
        // is the same for all rows on one side of the threshold.
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

/// The rows on one side of the decision threshold.
#[derive(Clone, Copy, Debug, Default)]
struct Side {
    rows: f64,
    positives: f64,
    /// Σ p·(1 − p).
    spread: f64,
}
