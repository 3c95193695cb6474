//! Explanations: a base value and contributions of the input columns that add up to the probability.
//!
//! The kernel attributes its score to each feature (exact Shapley values for trees, Aumann–Shapley along the straight line
//! for a logistic score), and the attributions are carried through the calibration. The attribution of a feature computed
//! from several input columns is divided equally among them, so that every part is counted exactly once.
//!
//! The kernel's attributions start at the score of its own reference (the mean row for a linear score, the cover of trees).
//! Every explanation starts at [`Model::base`] instead; the difference is distributed over the columns in proportion to the
//! size of their contributions.

use super::{Model, Workspace};
use crate::kernel::{Calibration, Kernel};
use crate::schema::RowView;

/// The explanation of a row's probability: base + Σ contributions = probability.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Mean probability of the training rows, the same for all rows of a model.
    pub base: f64,
    /// One entry for each input column that the recipe reads, largest first.
    pub contributions: Vec<Contribution>,
}

/// The contribution of one input column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contribution {
    /// Index of the column in the schema.
    pub column: usize,
    /// The contribution to the probability.
    pub probability: f64,
    /// The contribution to the log odds relative to the mean training row; only for linear scores. With an isotonic
    /// calibration, which is not linear in the log odds, it refers to the score before calibration.
    pub log_odds: Option<f64>,
}

impl Model {
    pub fn explain(&self, row: RowView<'_>, work: &mut Workspace) -> Explanation {
        let width = self.recipe.width();
        work.features.resize(width, 0.0);
        work.phi.resize(width, 0.0);
        self.recipe
            .transform(row, &mut work.scratch, &mut work.features);
        let log_odds = match &self.kernel {
            Kernel::Linear(linear) => {
                linear.log_odds(&work.features, &mut work.phi);
                let slope = match self.calibration {
                    Calibration::Platt { slope, .. } => slope,
                    Calibration::None | Calibration::Isotonic { .. } => 1.0,
                };
                work.phi.iter_mut().for_each(|phi| *phi *= slope);
                Some(self.by_column(&work.phi))
            }
            Kernel::Trees(_) | Kernel::Mean(_) => None,
        };
        let mut start = self
            .kernel
            .attribute(&work.features, &mut work.phi, &mut work.attribution);
        let scores = self.by_column(&work.phi);
        self.calibration.attribute(&mut start, &mut work.phi);

        let columns = self.by_column(&work.phi).into_iter().enumerate();
        let mut contributions: Vec<Contribution> = columns
            .filter_map(|(column, part)| {
                Some(Contribution {
                    column,
                    probability: part?,
                    log_odds: log_odds.as_ref().and_then(|of| of[column]),
                })
            })
            .collect();
        let probability = self.calibration.apply(self.kernel.score(&work.features));
        let sizes: Vec<f64> = match contributions.iter().all(|c| c.probability == 0.0) {
            // Where an isotonic calibration is flat, all contributions after it are zero; the sizes then come from
            // the score before calibration.
            true => contributions
                .iter()
                .filter_map(|c| scores[c.column])
                .collect(),
            false => contributions.iter().map(|c| c.probability).collect(),
        };
        complete(&mut contributions, &sizes, probability - self.base);
        contributions.sort_by(|a, b| b.probability.abs().total_cmp(&a.probability.abs()));
        Explanation {
            base: self.base,
            contributions,
        }
    }

    /// Sums the feature attributions by input column; `None` for a column that no feature reads.
    fn by_column(&self, phi: &[f64]) -> Vec<Option<f64>> {
        let mut columns: Vec<Option<f64>> = vec![None; self.schema().columns().len()];
        for (feature, phi) in self.recipe.features().iter().zip(phi) {
            let part = phi / feature.sources.len() as f64;
            for source in &feature.sources {
                *columns[*source as usize].get_or_insert(0.0) += part;
            }
        }
        columns
    }
}

/// Makes the contributions add up to `whole`: the remainder is distributed in proportion to `sizes`, or equally if all sizes
/// are zero (the row is the reference itself).
fn complete(contributions: &mut [Contribution], sizes: &[f64], whole: f64) {
    let size: f64 = sizes.iter().map(|size| size.abs()).sum();
    let rest = whole - contributions.iter().map(|c| c.probability).sum::<f64>();
    let equal = 1.0 / contributions.len() as f64;
    for (c, of) in contributions.iter_mut().zip(sizes) {
        c.probability += match size > f64::MIN_POSITIVE {
            true => rest * (of.abs() / size),
            false => rest * equal,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Completes the contributions `before` to the sum `whole` and compares the result with `after`.
    fn check(before: &[f64], whole: f64, after: &[f64]) {
        let contribution = |(column, p): (usize, &f64)| Contribution {
            column,
            probability: *p,
            log_odds: None,
        };
        let mut parts: Vec<Contribution> = before.iter().enumerate().map(contribution).collect();
        complete(&mut parts, before, whole);
        for (part, after) in parts.iter().zip(after) {
            assert!((part.probability - after).abs() < 1e-12, "{parts:?}");
        }
    }

    #[test]
    fn what_the_path_lacks_is_shared_by_size() {
        check(&[0.3, -0.1], 0.2, &[0.3, -0.1]);
        check(&[0.3, -0.1], 0.6, &[0.6, 0.0]);
        check(&[0.3, -0.1, 0.0], -0.2, &[0.0, -0.2, 0.0]);
        check(&[0.0, 0.0], 0.5, &[0.25, 0.25]);
        check(&[], 0.0, &[]);
    }
}
