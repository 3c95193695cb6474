//! Explanations: base and contributions of the input columns, which add up to the probability.
//!
//! Each feature's attribution comes from the kernel (exact Shapley values for trees, Aumann–Shapley along the straight
//! line for a logistic score) and through the calibration. A feature computed from several input columns is credited to
//! them in equal parts, so that nothing is lost and nothing counted twice.

use super::{Model, Workspace};
use crate::schema::RowView;

/// Why a row got its probability: base + Σ contributions = probability.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The probability when nothing is known of the row.
    pub base: f64,
    /// One entry an input column the recipe reads: index of the column and its contribution, largest first.
    pub contributions: Vec<(usize, f64)>,
}

impl Model {
    /// Explains a row.
    pub fn explain(&self, row: RowView<'_>, work: &mut Workspace) -> Explanation {
        let width = self.recipe.width();
        work.features.resize(width, 0.0);
        work.phi.resize(width, 0.0);
        self.recipe
            .transform(row, &mut work.scratch, &mut work.features);
        let mut base = self
            .kernel
            .attribute(&work.features, &mut work.phi, &mut work.attribution);
        self.calibration.attribute(&mut base, &mut work.phi);

        let mut columns: Vec<Option<f64>> = vec![None; self.schema().columns().len()];
        for (feature, phi) in self.recipe.features().iter().zip(&work.phi) {
            let part = phi / feature.sources.len() as f64;
            for source in &feature.sources {
                *columns[*source as usize].get_or_insert(0.0) += part;
            }
        }
        let mut contributions: Vec<(usize, f64)> = columns
            .iter()
            .enumerate()
            .filter_map(|(i, c)| c.map(|c| (i, c)))
            .collect();
        contributions.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        Explanation {
            base,
            contributions,
        }
    }
}
