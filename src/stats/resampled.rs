//! Mean and standard error over the folds of a repeated cross-validation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::moments::Moments;

/// A mean with its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// Mean over the folds.
    pub mean: f64,
    /// Standard error of the mean; `None` (null) for a single fold, which has no spread.
    pub se: Option<f64>,
}

impl Estimate {
    /// Estimates from per-fold values by the corrected resampled variance of Nadeau and Bengio, "Inference for the
    /// Generalization Error" (Machine Learning 52, 2003): se² = (1/J + n_test/n_train) · s², where s² is the unbiased
    /// variance of the J values. The second term accounts for the training rows that the folds share, without which the
    /// error comes out far too small.
    ///
    /// `test_to_train` is n_test/n_train: 1/(k − 1) for k folds, however often repeated. `None` without values.
    pub fn resampled(values: &[f64], test_to_train: f64) -> Option<Estimate> {
        let moments: Moments = values.iter().copied().collect();
        let spread = (1.0 / values.len() as f64 + test_to_train).sqrt();
        let se = moments.sample_sd().map(|sd| spread * sd);
        moments.mean().map(|mean| Estimate { mean, se })
    }
}

#[cfg(test)]
mod tests {
    use super::Estimate;

    /// numpy 2.4.6: `np.sqrt((1/5 + 1/4) * np.var(v, ddof=1))`.
    #[test]
    fn as_the_formula() {
        let estimate = Estimate::resampled(&[0.81, 0.85, 0.79, 0.9, 0.83], 0.25).unwrap();
        assert!((estimate.mean - 0.836).abs() < 1e-15);
        assert!((estimate.se.unwrap() - 0.028301943396169805).abs() < 1e-15);
    }

    #[test]
    fn few_values() {
        assert_eq!(Estimate::resampled(&[], 0.25), None);
        let one = Estimate::resampled(&[0.8], 0.25).unwrap();
        assert_eq!(
            one,
            Estimate {
                mean: 0.8,
                se: None
            }
        );
        assert_eq!(
            serde_json::to_string(&one).unwrap(),
            r#"{"mean":0.8,"se":null}"#
        );
        assert_eq!(
            Estimate::resampled(&[0.8, 0.8], 0.25),
            Some(Estimate {
                mean: 0.8,
                se: Some(0.0)
            })
        );
    }
}
