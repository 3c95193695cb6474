//! `forest`: a probability forest.

use crate::kernel::{Kernel, Link, Trees};
use crate::train::learner::{FitError, Learner, Sample};
use crate::train::progress::Progress;
use crate::train::trees::forest::{Setting, forest};

const TREES: usize = 200;

/// Units for one row at one level of one tree, for each feature that is looked at; measured on 891 rows.
const LOOK: f64 = 6.0;

#[derive(Debug)]
pub struct Forest;

impl Learner for Forest {
    fn name(&self) -> &'static str {
        "forest"
    }

    fn about(&self) -> &'static str {
        "probability forest of 200 trees"
    }

    fn work(&self, rows: usize, table: usize, features: usize) -> u64 {
        let setting = setting(table);
        // Each level of a tree looks at the square root of the features for every row.
        let looks = setting.trees * setting.depth * rows;
        (looks as f64 * (features as f64).sqrt() * LOOK) as u64
    }

    fn latency(&self, rows: usize, _: usize) -> u64 {
        let setting = setting(rows);
        (setting.trees * setting.depth) as u64
    }

    fn fit(&self, sample: &Sample<'_>, progress: &dyn Progress) -> Result<Kernel, FitError> {
        let trees = forest(sample, &setting(sample.table), progress)?;
        let scale = 1.0 / trees.len() as f64;
        let trees = Trees::new(sample.width, Link::Identity, 0.0, scale, trees)
            .map_err(|error| FitError::Failed(error.to_string()))?;
        Ok(Kernel::Trees(trees))
    }
}

/// Larger tables carry deeper trees; the least rows of a leaf keep the size of the model within bounds.
fn setting(rows: usize) -> Setting {
    Setting {
        trees: TREES,
        depth: if rows < 2_000 { 8 } else { 14 },
        rows: (rows / 2_000).max(5) as u32,
    }
}
