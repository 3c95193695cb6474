//! `logistic`: L2 logistic regression on standardised columns, by smartcore's L-BFGS.
//!
//! Minimises Σ log loss + α/2 · ‖w‖² with an unpenalised intercept; α = 1/C of scikit-learn. The standardisation is folded
//! into the weights, so the kernel takes raw features. A missing feature counts as the mean of the others.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use smartcore::linalg::basic::arrays::Array;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::logistic_regression::{LogisticRegression, LogisticRegressionParameters};

use super::apart;
use crate::kernel::{Kernel, Linear};
use crate::schema::column::Monotone;
use crate::stats::moments::Moments;
use crate::train::learner::{FitError, Learner, Sample};
use crate::train::progress::Progress;

/// L2 penalty α on the weights of standardised columns.
const ALPHA: f64 = 2.0;

/// Number of rows on which the weights are fitted, at most: enough for a linear model. The rarer label keeps up to half of them.
const MOST_ROWS: usize = 50_000;

/// Passes over the values that a fit takes as a rule.
const PASSES: usize = 200;

/// Units for a value in a pass.
const VALUE: usize = 5;

#[derive(Debug)]
pub struct Logistic;

impl Learner for Logistic {
    fn name(&self) -> &'static str {
        "logistic"
    }

    fn about(&self) -> &'static str {
        "L2 logistic regression on standardised columns"
    }

    fn work(&self, rows: usize, _: usize, features: usize) -> u64 {
        (rows.min(MOST_ROWS) * features * PASSES * VALUE) as u64
    }

    fn latency(&self, _: usize, features: usize) -> u64 {
        features as u64
    }

    fn fit(&self, sample: &Sample<'_>, progress: &dyn Progress) -> Result<Kernel, FitError> {
        let (rows, odds) = rows(sample);
        let mut left_out = vec![false; sample.width];
        loop {
            let (mut x, scales) = standardise(sample, &rows);
            clear(&mut x, &left_out);
            let x = DenseMatrix::new(rows.len(), sample.width, x, false)
                .map_err(|e| FitError::Failed(e.to_string()))?;
            let y = rows.iter().map(|i| u32::from(sample.y[*i])).collect();
            let fitted = apart::run(progress, move || fit_library(&x, &y))?;
            let mut linear = lower(&fitted, &scales);
            linear.intercept -= odds;
            // What rounding leaves of the weight of a cleared column.
            let weights = linear.weights.iter_mut().zip(&left_out);
            weights.filter(|(_, out)| **out).for_each(|(w, _)| *w = 0.0);
            let keeps_order = |j: usize| match sample.order(j) {
                None => true,
                Some(Monotone::Increasing) => linear.weights[j] >= 0.0,
                Some(Monotone::Decreasing) => linear.weights[j] <= 0.0,
            };
            let before = left_out.clone();
            left_out
                .iter_mut()
                .enumerate()
                .for_each(|(j, out)| *out |= !keeps_order(j));
            if left_out == before {
                return Ok(Kernel::Linear(linear));
            }
        }
    }
}

/// Sets the columns that are left out to zero: their weights would go against the order of the sample, which at best they
/// keep with a weight of zero.
fn clear(x: &mut [f64], left_out: &[bool]) {
    for row in x.chunks_exact_mut(left_out.len()) {
        let row = row.iter_mut().zip(left_out);
        row.filter(|(_, out)| **out).for_each(|(x, _)| *x = 0.0);
    }
}

type Library = LogisticRegression<f64, u32, DenseMatrix<f64>, Vec<u32>>;

fn fit_library(x: &DenseMatrix<f64>, y: &Vec<u32>) -> Result<Library, String> {
    let parameters = LogisticRegressionParameters::default().with_alpha(ALPHA);
    LogisticRegression::fit(x, y, parameters).map_err(|e| e.to_string())
}

/// The rows on which the weights are fitted, ascending: all, or as many as suffice, drawn at random within each label. With
/// them the log odds by which positives are more frequent among them than among all rows (King & Zeng 2001, "Logistic
/// regression in rare events data", prior correction).
fn rows(sample: &Sample<'_>) -> (Vec<usize>, f64) {
    let all = sample.rows();
    if all <= MOST_ROWS {
        return ((0..all).collect(), 0.0);
    }
    let of_label = |label: bool| (0..all).filter(move |i| sample.y[*i] == label);
    let [negatives, positives] = [false, true].map(|label| of_label(label).collect::<Vec<_>>());
    let kept = |own: usize, other: usize| own.min(MOST_ROWS - other.min(MOST_ROWS / 2));
    let mut random = Xoshiro256PlusPlus::seed_from_u64(sample.seed);
    let mut draw = |rows: &[usize], n: usize| -> Vec<usize> {
        let drawn = rand::seq::index::sample(&mut random, rows.len(), n);
        drawn.into_iter().map(|at| rows[at]).collect()
    };
    let n = kept(negatives.len(), positives.len());
    let p = kept(positives.len(), negatives.len());
    let mut rows = draw(&negatives, n);
    rows.extend(draw(&positives, p));
    rows.sort_unstable();
    let share = |kept: usize, of: &[usize]| kept as f64 / of.len() as f64;
    (rows, (share(p, &positives) / share(n, &negatives)).ln())
}

/// The standardised columns of some rows, row-major, with the mean where a value is missing, and the mean and standard deviation of each column over all rows.
fn standardise(sample: &Sample<'_>, rows: &[usize]) -> (Vec<f64>, Vec<(f64, f64)>) {
    let scales: Vec<(f64, f64)> = (0..sample.width).map(|j| scale(sample, j)).collect();
    let x = rows.iter().flat_map(|i| {
        let row = &sample.x[i * sample.width..(i + 1) * sample.width];
        row.iter()
            .zip(&scales)
            .map(|(v, (mean, sd))| match v.is_nan() {
                true => 0.0,
                false => (f64::from(*v) - mean) / sd,
            })
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

/// Mean and population standard deviation of a column's values. The deviation of a constant column is 1, so it is only centred.
fn scale(sample: &Sample<'_>, j: usize) -> (f64, f64) {
    const CONSTANT: f64 = 1e-12;
    let mut moments = Moments::default();
    let values = (0..sample.rows()).map(|i| f64::from(sample.at(i, j)));
    values
        .filter(|v| !v.is_nan())
        .for_each(|v| moments.update(v));
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
            let (all, odds) = rows(sample);
            assert_eq!(odds, 0.0);
            assert_eq!(all.len(), sample.rows());
            let (x, scales) = standardise(sample, &all);
            let matrix = DenseMatrix::new(sample.rows(), sample.width, x.clone(), false).unwrap();
            let library =
                fit_library(&matrix, &sample.y.iter().map(|y| u32::from(*y)).collect()).unwrap();
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

    /// Of a table with more rows than are needed, the rarer label keeps its rows, and the odds are those of all rows.
    #[test]
    fn as_many_rows_as_suffice() {
        let n = 180_000;
        let y: Vec<bool> = (0..n).map(|i| i % 1000 == 0).collect();
        let x: Vec<f32> = (0..n).map(|i| (i % 7) as f32).collect();
        let sample = Sample::new(&x, 1, &y, 0);
        let (chosen, odds) = rows(&sample);
        assert_eq!(chosen.len(), MOST_ROWS);
        assert_eq!(chosen.iter().filter(|i| y[**i]).count(), 180);
        assert!(chosen.is_sorted_by(|a, b| a < b));
        let first = chosen.iter().filter(|i| **i < n / 2).count();
        assert!(first.abs_diff(MOST_ROWS / 2) <= 500, "{first}");
        let expected = (1.0 / (49_820.0 / 179_820.0_f64)).ln();
        assert!((odds - expected).abs() < 1e-12, "{odds}");
        let kernel = Logistic.fit(&sample, &crate::train::Unwatched).unwrap();
        let mean = x.iter().map(|x| kernel.score(&[*x])).sum::<f64>() / n as f64;
        assert!((mean / 0.001 - 1.0).abs() < 0.02, "{mean}");
    }
}
