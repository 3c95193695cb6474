//! How far estimates were off where the truth was known.

use serde::{Deserialize, Serialize};

use super::estimate::estimate;
use super::guess::Guess;
use crate::stats::interval::{Interval, quantile};
use crate::stats::metric::{METRICS, Metric};
use crate::stats::resampled;

/// How much of the time the truth lies within an interval, where the method's assumptions hold.
const CONFIDENCE: f64 = 0.95;

/// How far estimates were off on the rows a model was cross-validated on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    errors: Vec<Error>,
}

/// The error of one figure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Error {
    metric: String,
    off: f64,
    /// Standard error of what is known.
    se: f64,
}

impl Reference {
    /// From the scores of rows the model was not fitted on (its profile keeps them), and what is `known` of each figure at
    /// this threshold, by cross-validation. A figure without a standard error (a single fold) has no interval.
    pub fn new(
        scores: &[f64],
        threshold: f64,
        known: impl Fn(&'static Metric) -> Option<resampled::Estimate>,
    ) -> Reference {
        let estimated = estimate(scores, threshold);
        let error = |metric: &'static Metric| {
            let known = known(metric)?;
            let value = estimated.get(metric.name);
            Some(Error {
                metric: metric.name.to_owned(),
                off: (value? - known.mean).abs(),
                se: known.se?,
            })
        };
        Reference {
            errors: METRICS.iter().filter_map(error).collect(),
        }
    }

    /// How far the estimate of a figure was off; none where it is not known.
    pub fn off(&self, metric: &str) -> Option<f64> {
        self.error(metric).map(|error| error.off)
    }

    pub(super) fn interval(&self, metric: &str, guess: Guess) -> Option<Interval> {
        let error = self.error(metric)?;
        let half = quantile(CONFIDENCE) * guess.error.hypot(error.se) + error.off;
        let interval = Interval {
            low: guess.value - half,
            high: guess.value + half,
        };
        Some(interval.within(0.0, 1.0))
    }

    fn error(&self, metric: &str) -> Option<&Error> {
        self.errors.iter().find(|error| error.metric == metric)
    }
}
