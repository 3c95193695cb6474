//! The metrics of a set of predicted probabilities, with standard errors.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Confusion {
    pub tp: u64,
    pub fp: u64,
    pub tn: u64,
    /// False negatives. (`fn` alone is a Rust keyword.)
    #[serde(rename = "fn")]
    pub fn_: u64,
}

impl Confusion {
    pub fn update(&mut self, called: bool, positive: bool) {
        *match (called, positive) {
            (true, true) => &mut self.tp,
            (true, false) => &mut self.fp,
            (false, false) => &mut self.tn,
            (false, true) => &mut self.fn_,
        } += 1;
    }

    pub fn rows(&self) -> u64 {
        self.tp + self.fp + self.tn + self.fn_
    }

    /// Share of correct decisions.
    pub fn accuracy(&self) -> Option<f64> {
        share(self.tp + self.tn, self.rows())
    }

    /// Share of positives among the rows predicted positive.
    pub fn precision(&self) -> Option<f64> {
        share(self.tp, self.tp + self.fp)
    }

    /// Share of the positives that were predicted positive.
    pub fn recall(&self) -> Option<f64> {
        share(self.tp, self.tp + self.fn_)
    }

    /// Harmonic mean of precision and recall, 2tp / (2tp + fp + fn); `None` if no row is positive and
    /// none was predicted positive.
    pub fn f1(&self) -> Option<f64> {
        share(2 * self.tp, 2 * self.tp + self.fp + self.fn_)
    }

    /// Standard error of [`Confusion::f1`] by the delta method. With p = tp/n and e = (fp + fn)/n, which are
    /// multinomial, F = 2p/(2p + e); the gradient is (2e, −2p)/(2p + e)², orthogonal to (p, e), which leaves Var F =
    /// 4·p·e·(p + e) / (n·(2p + e)⁴).
    fn f1_error(&self) -> Option<f64> {
        let n = self.rows() as f64;
        let (p, e) = (self.tp as f64 / n, (self.fp + self.fn_) as f64 / n);
        self.f1()
            .map(|_| (4.0 * p * e * (p + e) / n).sqrt() / (2.0 * p + e).powi(2))
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// Standard error of a share: √(p(1 − p)/n).
fn binomial_error(share: Option<f64>, of: u64) -> Option<f64> {
    share.map(|p| (p * (1.0 - p) / of as f64).sqrt())
}

/// The metrics of one evaluation. Each is `None` where it is undefined; without rows all are. Equal to scikit-learn's
/// wherever scikit-learn has and defines the metric.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Figures {
    pub rows: u64,
    /// Share of correct decisions.
    pub accuracy: Option<f64>,
    /// Share of positives among the rows predicted positive; `None` if none was.
    pub precision: Option<f64>,
    /// Share of the positives that were predicted positive; `None` without positives.
    pub recall: Option<f64>,
    /// Harmonic mean of precision and recall.
    pub f1: Option<f64>,
    /// Area under the ROC curve; `None` unless both outcomes occur.
    pub auc: Option<f64>,
    /// Mean negative log likelihood, probabilities clipped by the machine epsilon.
    pub log_loss: Option<f64>,
    /// Mean squared difference between probability and outcome.
    pub brier: Option<f64>,
    /// Expected calibration error over ten bins of equal width.
    pub ece: Option<f64>,
    /// Confusion matrix of the decisions at the threshold.
    pub confusion: Confusion,
    /// Standard errors; see [`Figures::standard_errors`].
    pub(super) errors: StandardErrors,
}

impl Figures {
    /// Estimates of how much the metrics vary between evaluation sets of this size.
    pub fn standard_errors(&self) -> &StandardErrors {
        &self.errors
    }
}

/// Standard errors for a single evaluation set whose rows are independent. There is none for ECE: its absolute values bias
/// it upwards, most of all for good models, so that an error bar around it would be misleading.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct StandardErrors {
    /// Binomial over all rows.
    pub accuracy: Option<f64>,
    /// Binomial over the rows predicted positive.
    pub precision: Option<f64>,
    /// Binomial over the positives.
    pub recall: Option<f64>,
    pub f1: Option<f64>,
    /// DeLong; `None` unless both outcomes occur twice.
    pub auc: Option<f64>,
    /// Sample standard deviation of the rows' losses / √n; `None` with a single row.
    pub log_loss: Option<f64>,
    /// Sample standard deviation of the rows' squared differences / √n; `None` with a single row.
    pub brier: Option<f64>,
}

impl StandardErrors {
    /// The standard errors that follow from the counts; the others are `None`.
    pub(super) fn of_counts(counts: &Confusion) -> StandardErrors {
        StandardErrors {
            accuracy: binomial_error(counts.accuracy(), counts.rows()),
            precision: binomial_error(counts.precision(), counts.tp + counts.fp),
            recall: binomial_error(counts.recall(), counts.tp + counts.fn_),
            f1: counts.f1_error(),
            ..StandardErrors::default()
        }
    }
}
