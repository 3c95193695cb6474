//! A linear score with the logistic link: the kernel of a logistic regression.

use serde::{Deserialize, Serialize};

use super::error::{KernelError, finite, length};
use super::line;
use super::logistic::sigmoid;

/// `probability = σ(intercept + Σ weights[i] · x[i])`, summed in f64 in the order of the features. A missing feature (NaN)
/// has the value of the baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Linear {
    /// One weight per feature, in log odds per unit of the feature.
    pub weights: Vec<f64>,
    /// Log odds at x = 0.
    pub intercept: f64,
    /// The row from which explanations start, one value per feature; usually the training mean.
    pub baseline: Vec<f64>,
}

impl Linear {
    pub(super) fn check(&self) -> Result<(), KernelError> {
        if self.weights.is_empty() {
            return Err(KernelError::NoFeatures);
        }
        length("the baseline", self.weights.len(), self.baseline.len())?;
        finite("the intercept", self.intercept)?;
        self.weights
            .iter()
            .try_for_each(|w| finite("a weight", *w))?;
        self.baseline
            .iter()
            .try_for_each(|b| finite("a baseline value", *b))?;
        // The score of the most extreme row must be finite, or some score could be infinity minus infinity.
        let weight = self.weights.iter().map(|w| w.abs()).sum::<f64>();
        let far = |most: f64, b: &f64| most.max(b.abs());
        let reach = self.baseline.iter().fold(f64::from(f32::MAX), far);
        finite(
            "the largest score",
            self.intercept.abs() + 2.0 * weight * reach,
        )
    }

    pub(super) fn score(&self, x: &[f32]) -> f64 {
        assert_eq!(x.len(), self.weights.len(), "features in a row");
        let parts = self.weights.iter().zip(x).zip(&self.baseline);
        let dot = parts.map(|((w, x), b)| w * known(*x, *b)).sum::<f64>();
        sigmoid(self.intercept + dot)
    }

    /// Fills `phi` (one per feature) with each feature's contribution to the log odds relative to the baseline row.
    /// Panics if the lengths differ.
    pub fn log_odds(&self, x: &[f32], phi: &mut [f64]) {
        assert_eq!(x.len(), self.weights.len(), "features in a row");
        assert_eq!(phi.len(), self.weights.len(), "one part per feature");
        let parts = self.weights.iter().zip(x).zip(&self.baseline);
        phi.iter_mut()
            .zip(parts)
            .for_each(|(phi, ((w, x), b))| *phi = w * (known(*x, *b) - b));
    }

    /// Fills `phi` and returns the base, σ of the score at the baseline.
    pub(super) fn attribute(&self, x: &[f32], phi: &mut [f64]) -> f64 {
        self.log_odds(x, phi);
        let at_baseline = self.weights.iter().zip(&self.baseline);
        let mut base = at_baseline.fold(self.intercept, |sum, (w, b)| sum + w * b);
        line::carry(sigmoid, &mut base, phi);
        base
    }
}

/// A feature, or what stands for it where it is missing.
#[inline(always)]
fn known(x: f32, baseline: f64) -> f64 {
    if x.is_nan() { baseline } else { f64::from(x) }
}
