//! The error of the estimates on rows whose labels are known.

use serde::{Deserialize, Serialize};

use super::estimate::estimate;
use super::guess::Guess;
use crate::stats::interval::{Interval, quantile};
use crate::stats::metric::{METRICS, Metric};
use crate::stats::resampled;

/// Confidence level of the intervals, valid where the method's assumptions hold.
const CONFIDENCE: f64 = 0.95;

/// The errors of the estimates on the rows a model was cross-validated on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    errors: Vec<Error>,
}

/// The error of one metric's estimate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Error {
    metric: String,
    off: f64,
    /// Standard error of the known value.
    se: f64,
}

impl Reference {
    /// Compares the estimates from `scores`, which come from rows the model was not fitted on (its profile stores them),
    /// with the value of each metric `known` from cross-validation at this threshold. A metric without a standard error (a
    /// single fold) has no interval.
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

    /// The absolute error of a metric's estimate; `None` if the metric's value is not known.
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
