//! Calibration curves, which map a kernel's score to a calibrated probability.

mod isotonic;
mod platt;

use serde::{Deserialize, Serialize};

use super::error::{KernelError, finite, length};
use super::line;
use super::logistic::{logit, sigmoid};

/// A calibration curve, [0, 1] → [0, 1]. Call [`Calibration::check`] after deserialising.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Calibration {
    /// The score is used unchanged.
    #[default]
    None,
    /// σ(slope · logit(p) + intercept), Platt 1999 on log odds.
    Platt {
        /// Factor on the log odds.
        slope: f64,
        /// Constant added to the log odds.
        intercept: f64,
    },
    /// Linear between the points, constant outside, as scikit-learn's `IsotonicRegression(out_of_bounds="clip")`.
    Isotonic {
        x: Vec<f64>,
        /// Non-decreasing probabilities in [0, 1], one per element of `x`.
        y: Vec<f64>,
    },
}

impl Calibration {
    /// Fits [`Calibration::Platt`] to scores and outcomes; see `platt`. `None` without rows. Panics if the lengths differ.
    pub fn fit_platt(p: &[f64], y: &[bool]) -> Option<Calibration> {
        platt::fit(p, y).map(|(slope, intercept)| Calibration::Platt { slope, intercept })
    }

    /// Fits [`Calibration::Isotonic`] to scores and outcomes; see `isotonic`. `None` without rows. Panics if the lengths differ.
    pub fn fit_isotonic(p: &[f64], y: &[bool]) -> Option<Calibration> {
        isotonic::fit(p, y).map(|(x, y)| Calibration::Isotonic { x, y })
    }

    /// The calibrated probability, in [0, 1], of a score in [0, 1].
    pub fn apply(&self, p: f64) -> f64 {
        match self {
            Calibration::None => p,
            Calibration::Platt { slope, intercept } => sigmoid(slope * logit(p) + intercept),
            Calibration::Isotonic { x, y } => isotonic::interpolate(x, y, p),
        }
    }

    /// Turns an explanation of a score p = base + Σ phi into one of `apply(p)`, along the straight line (see `line`): the
    /// new base is `apply(base)` and the sum holds to 1e-9 (for an isotonic curve with a near-vertical step: as far as
    /// rounding of base + Σ phi allows).
    pub fn attribute(&self, base: &mut f64, phi: &mut [f64]) {
        if *self != Calibration::None {
            line::carry(|p| self.apply(p), base, phi);
        }
    }

    /// Fails on a number that is not finite, no points, lengths that differ, points out of order or outside [0, 1].
    pub fn check(&self) -> Result<(), KernelError> {
        match self {
            Calibration::None => Ok(()),
            Calibration::Platt { slope, intercept } => {
                finite("the calibration's slope", *slope)?;
                finite("the calibration's intercept", *intercept)
            }
            Calibration::Isotonic { x, y } => check_isotonic(x, y),
        }
    }
}

// Conditions are written so that NaN violates each of them.
fn check_isotonic(x: &[f64], y: &[f64]) -> Result<(), KernelError> {
    length("the calibration's probabilities", x.len(), y.len())?;
    if x.is_empty() {
        return Err(KernelError::Calibration("an isotonic curve without points"));
    }
    x.iter()
        .try_for_each(|x| finite("a calibration score", *x))?;
    if !x.is_sorted_by(|a, b| a < b) {
        return Err(KernelError::Calibration("scores must increase"));
    }
    if !y.is_sorted_by(|a, b| a <= b) {
        return Err(KernelError::Calibration("probabilities must not decrease"));
    }
    if !y.iter().all(|y| (0.0..=1.0).contains(y)) {
        return Err(KernelError::Calibration("probabilities must lie in [0, 1]"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
