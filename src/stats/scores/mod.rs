//! The accumulator of predicted probabilities and outcomes.

use super::auc::auc;
use super::figures::{Confusion, Figures, StandardErrors};
use super::moments::Moments;

/// Number of bins of the expected calibration error.
const BINS: usize = 10;

/// Accumulates (probability, outcome) pairs and computes [`Figures`] from them.
///
/// All pairs are stored, 16 bytes each, so that the area under the ROC curve is exact, not binned. [`Scores::finish`] sorts
/// them first, so that the order of updates and merges does not change a bit of the result.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    threshold: f64,
    rows: Vec<(f64, bool)>,
}

impl Scores {
    /// An empty accumulator; a row is predicted positive if its probability is `>= threshold`.
    pub fn new(threshold: f64) -> Scores {
        Scores {
            threshold,
            rows: Vec::new(),
        }
    }

    /// Adds one row: the predicted probability of the positive class, in [0, 1], and the outcome.
    pub fn update(&mut self, probability: f64, positive: bool) {
        debug_assert!(
            (0.0..=1.0).contains(&probability),
            "{probability} is no probability"
        );
        self.rows.push((probability, positive));
    }

    /// Adds all rows of `other`, keeping this accumulator's threshold.
    pub fn merge(&mut self, other: &Scores) {
        self.rows.extend_from_slice(&other.rows);
    }

    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The metrics over all rows added so far.
    pub fn finish(&self) -> Figures {
        let mut rows = self.rows.clone();
        rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut confusion = Confusion::default();
        rows.iter()
            .for_each(|(p, y)| confusion.update(*p >= self.threshold, *y));
        let (auc, auc_error) = auc(&rows).unzip();
        let loss: Moments = rows.iter().map(|(p, y)| log_loss(*p, *y)).collect();
        let square: Moments = rows
            .iter()
            .map(|(p, y)| (p - f64::from(u8::from(*y))).powi(2))
            .collect();
        Figures {
            rows: rows.len() as u64,
            accuracy: confusion.accuracy(),
            precision: confusion.precision(),
            recall: confusion.recall(),
            f1: confusion.f1(),
            auc,
            log_loss: loss.mean(),
            brier: square.mean(),
            ece: calibration_error(&rows),
            errors: StandardErrors {
                auc: auc_error.flatten(),
                log_loss: loss.standard_error(),
                brier: square.standard_error(),
                ..StandardErrors::of_counts(&confusion)
            },
            confusion,
        }
    }
}

/// Log loss of one row, in nats: −ln of the probability that was predicted for the actual outcome, clipped by the machine
/// epsilon as in scikit-learn, so that it lies in [2·10⁻¹⁶, 36.05].
pub fn log_loss(p: f64, positive: bool) -> f64 {
    let given = if positive { p } else { 1.0 - p };
    -given.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln()
}

/// Mean log loss of a predictor that always predicts the share of positives among these rows: their entropy, in nats. No
/// other constant is better on them. Without rows the share is taken to be one half.
pub fn base_rate_log_loss(positives: u64, rows: u64) -> f64 {
    if rows == 0 {
        return std::f64::consts::LN_2;
    }
    let term = |count: u64| match count as f64 / rows as f64 {
        share if share > 0.0 => -share * share.ln(),
        _ => 0.0,
    };
    term(positives) + term(rows.saturating_sub(positives))
}

/// Expected calibration error (Naeini, Cooper, Hauskrecht, AAAI 2015): |mean probability − share of positives| per bin,
/// weighted by rows. Bin k holds k/10 <= p < (k + 1)/10, the last bin also p = 1.
fn calibration_error(rows: &[(f64, bool)]) -> Option<f64> {
    // Per bin: the sum of probabilities minus the sum of outcomes. Dividing by the bin's rows and weighting by them cancel out.
    let mut off = [0.0; BINS];
    for (p, positive) in rows {
        let bin = ((p * BINS as f64) as usize).min(BINS - 1);
        off[bin] += p - f64::from(u8::from(*positive));
    }
    (!rows.is_empty()).then(|| off.iter().map(|off| off.abs()).sum::<f64>() / rows.len() as f64)
}

#[cfg(test)]
mod tests;
