//! `logistic`: L2 logistic regression on standardised columns, by smartcore's L-BFGS.
//!
//! Minimises Σ log loss + α/2 · ‖w‖² with an unpenalised intercept; α = 1/C of scikit-learn. The standardisation is folded
//! into the weights, so the kernel takes raw features.

use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::logistic_regression::{LogisticRegression, LogisticRegressionParameters};

use super::apart;
use crate::kernel::{Kernel, Linear};
use crate::stats::moments::Moments;
use crate::train::learner::{FitError, Learner, Sample};
use crate::train::progress::Progress;

/// L2 penalty α on the weights of standardised columns.
const ALPHA: f64 = 2.0;

#[derive(Debug)]
pub struct Logistic;

impl Learner for Logistic {
    fn name(&self) -> &'static str {
        "logistic"
    }

    fn about(&self) -> &'static str {
        "L2 logistic regression on standardised columns"
    }

    fn fit(&self, sample: &Sample<'_>, progress: &dyn Progress) -> Result<Kernel, FitError> {
        let (x, scales) = standardise(sample);
        let x = DenseMatrix::new(sample.rows(), sample.width, x, false)
            .map_err(|e| FitError::Failed(e.to_string()))?;
        let y = labels(sample);
        let fitted = apart::run(progress, move || fit_library(&x, &y))?;
        Ok(Kernel::Linear(lower(&fitted, &scales)))
    }
}

type Library = LogisticRegression<f64, u32, DenseMatrix<f64>, Vec<u32>>;

fn fit_library(x: &DenseMatrix<f64>, y: &Vec<u32>) -> Result<Library, String> {
    let parameters = LogisticRegressionParameters::default().with_alpha(ALPHA);
    LogisticRegression::fit(x, y, parameters).map_err(|e| e.to_string())
}

fn labels(sample: &Sample<'_>) -> Vec<u32> {
    sample.y.iter().map(|y| u32::from(*y)).collect()
}

/// The standardised columns, row-major, and the mean and standard deviation of each column.
fn standardise(sample: &Sample<'_>) -> (Vec<f64>, Vec<(f64, f64)>) {
    let scales: Vec<(f64, f64)> = (0..sample.width).map(|j| scale(sample, j)).collect();
    let rows = sample.x.chunks_exact(sample.width);
    let x = rows.flat_map(|row| {
        row.iter()
            .zip(&scales)
            .map(|(v, (mean, sd))| (f64::from(*v) - mean) / sd)
    });
    (x.collect(), scales)
}

/// Converts w·(x − mean)/sd + b into weights of the raw x.
fn lower(fitted: &Library, scales: &[(f64, f64)]) -> Linear {
    let standardised: Vec<f64> = (0..scales.len())
        .map(|j| *fitted.coefficients().get((0, j)))
        .collect();
    let weights: Vec<f64> = standardised
        .iter()
        .zip(scales)
        .map(|(w, (_, sd))| w / sd)
        .collect();
    let shift: f64 = weights
        .iter()
        .zip(scales)
        .map(|(w, (mean, _))| w * mean)
        .sum();
    Linear {
        intercept: *fitted.intercept().get((0, 0)) - shift,
        baseline: scales.iter().map(|(mean, _)| *mean).collect(),
        weights,
    }
}

/// Mean and population standard deviation of a column. The deviation of a constant column is 1, so it is only centred.
fn scale(sample: &Sample<'_>, j: usize) -> (f64, f64) {
    const CONSTANT: f64 = 1e-12;
    let mut moments = Moments::default();
    (0..sample.rows()).for_each(|i| moments.update(f64::from(sample.at(i, j))));
    let sd = moments
        .population_sd()
        .filter(|sd| *sd > CONSTANT && sd.is_finite())
        .unwrap_or(1.0);
    (moments.mean().unwrap_or(0.0), sd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::learners::fixture;

    /// For every row of the table, the folded weights reproduce the library's score and label.
    #[test]
    fn lowered_is_the_librarys() {
        fixture::with_sample(|sample| {
            let (x, scales) = standardise(sample);
            let matrix = DenseMatrix::new(sample.rows(), sample.width, x.clone(), false).unwrap();
            let library = fit_library(&matrix, &labels(sample)).unwrap();
            let labels = library.predict(&matrix).unwrap();
            let kernel = Kernel::Linear(lower(&library, &scales));
            let rows = sample
                .x
                .chunks_exact(sample.width)
                .zip(x.chunks_exact(sample.width));
            for ((row, standardised), label) in rows.zip(labels) {
                let weights = (0..sample.width).map(|j| *library.coefficients().get((0, j)));
                let z: f64 = weights.zip(standardised).map(|(w, v)| w * v).sum::<f64>()
                    + library.intercept().get((0, 0));
                let (lowered, expected) = (kernel.score(row), 1.0 / (1.0 + (-z).exp()));
                assert!(
                    (lowered - expected).abs() < 1e-9,
                    "{lowered}, library {expected}"
                );
                assert_eq!(lowered > 0.5, label == 1);
            }
        });
    }
}
