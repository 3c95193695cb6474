//! Metrics of one performance window.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stats::figures::{Confusion, Figures};
use crate::stats::interval::Interval;
use crate::stats::metric::{METRICS, Metric};
use crate::stats::scores::{Scores, base_rate_log_loss};

/// Confidence level of the intervals.
const CONFIDENCE: f64 = 0.95;

/// Consecutive labelled predictions and their metrics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PerformanceWindow")]
pub struct Window {
    /// Number of its first label, counted from 1.
    pub first: u64,
    pub n: u64,
    /// Number of positive labels; `None` in windows of an earlier release, which did not count them.
    #[serde(default)]
    pub positives: Option<u64>,
    /// One entry per metric, in the order of the metrics table.
    pub figures: Vec<Figure>,
}

/// A metric with its interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "WindowMetric")]
pub struct Figure {
    pub metric: String,
    /// Value of the metric; `None` if undefined.
    pub value: Option<f64>,
    /// Interval of the metric; `None` if undefined.
    pub interval: Option<Interval>,
}

impl Window {
    /// A window of these probabilities and labels; `None` if there are none.
    pub(super) fn of(first: u64, rows: &[(f64, bool)], threshold: f64) -> Option<Window> {
        let mut scores = Scores::new(threshold);
        rows.iter().for_each(|(p, y)| scores.update(*p, *y));
        let figures = scores.finish();
        let figure = |metric: &'static Metric| Figure {
            metric: metric.name.to_owned(),
            value: metric.value(&figures),
            interval: interval(metric, &figures),
        };
        (!rows.is_empty()).then(|| Window {
            first,
            n: rows.len() as u64,
            positives: Some(rows.iter().filter(|(_, y)| *y).count() as u64),
            figures: METRICS.iter().map(figure).collect(),
        })
    }

    /// Whether the upper bound of the accuracy's interval reaches `wanted`.
    pub fn reaches_accuracy(&self, wanted: f64) -> bool {
        let accuracy = self.get("accuracy").and_then(|a| a.interval);
        accuracy.is_some_and(|a| a.high >= wanted)
    }

    /// Whether the log loss is lower than that of always predicting the base rate of these labels.
    pub fn is_better_than_base_rate(&self) -> bool {
        let log_loss = self.get("log_loss").and_then(|figure| figure.value);
        let base = self.positives.map(|p| base_rate_log_loss(p, self.n));
        log_loss.zip(base).is_some_and(|(value, base)| value < base)
    }

    /// The entry of a metric by name.
    pub fn get(&self, metric: &str) -> Option<&Figure> {
        self.figures.iter().find(|figure| figure.metric == metric)
    }
}

fn interval(metric: &'static Metric, figures: &Figures) -> Option<Interval> {
    let Confusion { tp, fp, tn, fn_ } = figures.confusion;
    match metric.name {
        "accuracy" => Interval::wilson(tp + tn, tp + fp + tn + fn_, CONFIDENCE),
        "precision" => Interval::wilson(tp, tp + fp, CONFIDENCE),
        "recall" => Interval::wilson(tp, tp + fn_, CONFIDENCE),
        name => {
            let most = if name == "log_loss" { f64::MAX } else { 1.0 };
            let (value, error) = (metric.value(figures)?, metric.standard_error(figures)?);
            Interval::normal(value, error, CONFIDENCE).map(|i| i.within(0.0, most))
        }
    }
}
