//! The figures of one window.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stats::figures::{Confusion, Figures};
use crate::stats::interval::Interval;
use crate::stats::metric::{METRICS, Metric};
use crate::stats::scores::{Scores, base_rate_log_loss};

/// How much of the time the truth lies within an interval.
const CONFIDENCE: f64 = 0.95;

/// Some successive answers whose truths came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PerformanceWindow")]
pub struct Window {
    /// Its first truth, counted from 1.
    pub first: u64,
    pub n: u64,
    /// How many of them were positive; none where an earlier release did not count them.
    #[serde(default)]
    pub positives: Option<u64>,
    /// One entry a metric, in the order of the table of metrics.
    pub figures: Vec<Figure>,
}

/// A figure with its interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "WindowMetric")]
pub struct Figure {
    pub metric: String,
    /// Its value; none where undefined.
    pub value: Option<f64>,
    /// Its interval; none where undefined.
    pub interval: Option<Interval>,
}

impl Window {
    /// Of these probabilities and truths; none of none.
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

    /// Whether the interval of the accuracy reaches up to this one.
    pub fn reaches_accuracy(&self, wanted: f64) -> bool {
        let accuracy = self.get("accuracy").and_then(|a| a.interval);
        accuracy.is_some_and(|a| a.high >= wanted)
    }

    /// Whether the log loss is below that of always predicting the base rate of these labels.
    pub fn is_better_than_base_rate(&self) -> bool {
        let log_loss = self.get("log_loss").and_then(|figure| figure.value);
        let base = self.positives.map(|p| base_rate_log_loss(p, self.n));
        log_loss.zip(base).is_some_and(|(value, base)| value < base)
    }

    /// The figure of a metric.
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
