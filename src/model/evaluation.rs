//! How a model did in its training on rows that it was not fitted on, in the detail that charts and reports need.
//!
//! Everything but [`Evaluation::dependence`] comes from calibrated out-of-fold probabilities of the first repeat of the
//! cross-validation. It is stored in the model file, so that it outlives the training table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stats::interval::Interval;
use crate::stats::resampled::Estimate;

/// An evaluation of a model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evaluation {
    /// Rows that were tested.
    pub rows: u64,
    /// Tested rows whose target is the positive value.
    pub positives: u64,
    /// Decisions at falling thresholds; at most some 200.
    pub cuts: Vec<Cut>,
    /// Predicted against observed, in bins of about equal numbers of rows, lowest first.
    pub calibration: Vec<CalibrationBin>,
    /// Metrics of each fold of each repeat, in order.
    pub folds: Vec<FoldMetric>,
    /// Importance of the columns that the model reads, largest first.
    pub importance: Vec<Importance>,
    /// Mean probability over the values of each column.
    pub dependence: Vec<Dependence>,
    /// Groups of rows that are predicted worst, worst first.
    pub groups: Vec<Group>,
    /// Rows with the largest loss, largest first.
    pub hardest: Vec<HardRow>,
}

/// Counts of rows with at least this probability, those that are decided positive at this threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Cut {
    /// The lowest probability that is decided positive.
    pub threshold: f64,
    /// Rows at or above the threshold that are positive.
    pub true_positives: u64,
    /// Rows at or above the threshold that are negative.
    pub false_positives: u64,
}

/// A bin of the calibration curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CalibrationBin {
    /// Mean predicted probability.
    pub predicted: f64,
    /// Share of positive rows.
    pub observed: f64,
    /// Interval of the share (Wilson, 95 %).
    pub interval: Interval,
    /// Rows in the bin.
    pub rows: u64,
}

/// A metric in every fold of every repeat.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FoldMetric {
    /// Name of the metric.
    pub metric: String,
    /// Its value in each fold; null where it is undefined.
    pub values: Vec<Option<f64>>,
}

/// Permutation importance of a column (Breiman 2001; Fisher, Rudin and Dominici 2019): by how much the log loss of unseen rows
/// grows if the column's values are dealt to the wrong rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Importance {
    /// Name of the column.
    pub column: String,
    /// Mean growth over the folds in nats per row, with its corrected standard error.
    pub growth: Estimate,
}

/// Partial dependence of the probability on one column (Friedman 2001): the mean prediction if all rows had this value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Dependence {
    /// Name of the column.
    pub column: String,
    /// The values of a number, in order, or of a category, most frequent first.
    pub points: Vec<DependencePoint>,
}

/// A value of a column and the mean probability at it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DependencePoint {
    /// The number; null for a level or a missing value.
    pub number: Option<f64>,
    /// The level; null for a number or a missing value.
    pub level: Option<String>,
    /// Mean probability.
    pub probability: f64,
}

/// Rows with values of one column, and how they were predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// Name of the column.
    pub column: String,
    /// The values, such as a level or a range.
    pub values: String,
    /// Rows in the group.
    pub rows: u64,
    /// Mean predicted probability.
    pub predicted: f64,
    /// Share of positive rows.
    pub observed: f64,
    /// Mean log loss, nats per row.
    pub log_loss: f64,
    /// Log loss of predicting the group's own share of positive rows: what a model that knows no more than that would reach.
    pub base_log_loss: f64,
}

/// A row that was predicted badly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HardRow {
    /// Its number among the rows of the training table, from 1.
    pub row: u64,
    /// Its own id, if the table has such a column.
    pub id: Option<String>,
    /// Predicted probability of the positive value.
    pub probability: f64,
    /// Whether it is positive.
    pub is_positive: bool,
}

impl Evaluation {
    /// Points of the receiver operating characteristic: false and true positive rate at falling thresholds, with both ends.
    pub fn roc(&self) -> Vec<(f64, f64)> {
        let (positives, negatives) = (self.positives as f64, (self.rows - self.positives) as f64);
        let point = |cut: &Cut| {
            (
                cut.false_positives as f64 / negatives,
                cut.true_positives as f64 / positives,
            )
        };
        let ends = [(0.0, 0.0)].into_iter();
        let inner = self.cuts.iter().map(point);
        ends.chain(inner).chain([(1.0, 1.0)]).collect()
    }

    /// Recall and precision at falling thresholds.
    pub fn precision_recall(&self) -> Vec<(f64, f64)> {
        let point = |cut: &Cut| {
            let called = (cut.true_positives + cut.false_positives) as f64;
            (
                cut.true_positives as f64 / self.positives as f64,
                cut.true_positives as f64 / called,
            )
        };
        self.cuts.iter().map(point).collect()
    }

    /// Decisions at a threshold, to the nearest cut below which no row lies between: rows by outcome (negative, positive) and
    /// decision (negative, positive).
    pub fn confusion(&self, threshold: f64) -> [[u64; 2]; 2] {
        let called = self.cuts.iter().rfind(|cut| cut.threshold >= threshold);
        let (tp, fp) = called.map_or((0, 0), |cut| (cut.true_positives, cut.false_positives));
        let negatives = self.rows - self.positives;
        [[negatives - fp, fp], [self.positives - tp, tp]]
    }
}
