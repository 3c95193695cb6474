//! `forest`: a probability forest, fitted as smartcore's random-forest regressor on labels 0 and 1.
//!
//! A leaf holds the share of its rows that are positive, so the mean over the trees is a probability (Malley et al. 2012,
//! "Probability machines"). smartcore's own classifier only votes. A leaf has at least five rows: with single-row leaves the
//! shares are 0 and 1 and the forest is over-confident.

use serde::Deserialize;
use smartcore::ensemble::random_forest_regressor::{
    RandomForestRegressor, RandomForestRegressorParameters,
};
use smartcore::linalg::basic::matrix::DenseMatrix;

use super::apart;
use crate::kernel::{Kernel, Link, Node, Tree, Trees};
use crate::train::learner::{FitError, Learner, Sample};
use crate::train::progress::Progress;

const TREES: usize = 200;
const LEAF: usize = 5;
const DEPTH: u16 = 8;

#[derive(Debug)]
pub struct Forest;

impl Learner for Forest {
    fn name(&self) -> &'static str {
        "forest"
    }

    fn about(&self) -> &'static str {
        "probability forest of 200 trees"
    }

    fn fit(&self, sample: &Sample<'_>, progress: &dyn Progress) -> Result<Kernel, FitError> {
        let library = fit_library(sample, progress)?;
        lower(&library, sample).map_err(FitError::Failed)
    }
}

type Library = RandomForestRegressor<f64, f64, DenseMatrix<f64>, Vec<f64>>;

fn fit_library(sample: &Sample<'_>, progress: &dyn Progress) -> Result<Library, FitError> {
    let x: Vec<f64> = sample.x.iter().map(|v| f64::from(*v)).collect();
    let x = DenseMatrix::new(sample.rows(), sample.width, x, false)
        .map_err(|e| FitError::Failed(e.to_string()))?;
    let y: Vec<f64> = sample.y.iter().map(|y| f64::from(u8::from(*y))).collect();
    let parameters = RandomForestRegressorParameters::default()
        .with_n_trees(TREES)
        .with_max_depth(DEPTH)
        .with_min_samples_leaf(LEAF)
        .with_m(((sample.width as f64).sqrt() as usize).max(1))
        .with_seed(sample.seed);
    apart::run(progress, move || {
        RandomForestRegressor::fit(&x, &y, parameters).map_err(|e| e.to_string())
    })
}

/// The parts of a fitted forest that a kernel needs, read from smartcore's serialised form because its fields are private.
#[derive(Deserialize)]
struct Stored {
    forest_regressor: StoredForest,
}

#[derive(Deserialize)]
struct StoredForest {
    trees: Vec<StoredTree>,
}

#[derive(Deserialize)]
struct StoredTree {
    nodes: Vec<StoredNode>,
}

#[derive(Deserialize)]
struct StoredNode {
    output: f64,
    split_feature: usize,
    split_value: Option<f64>,
    true_child: Option<usize>,
    false_child: Option<usize>,
}

fn lower(library: &Library, sample: &Sample<'_>) -> Result<Kernel, String> {
    let json = serde_json::to_vec(library).map_err(|e| e.to_string())?;
    let stored: Stored = serde_json::from_slice(&json).map_err(|e| e.to_string())?;
    let stored = stored.forest_regressor.trees;
    let scale = 1.0 / stored.len() as f64;
    let trees = stored.iter().map(|tree| {
        let mut tree = Tree {
            nodes: tree.nodes.iter().map(lower_node).collect(),
        };
        tree.cover_from(sample.x, sample.width)
            .map_err(|e| e.to_string())?;
        Ok(tree)
    });
    let trees = trees.collect::<Result<_, String>>()?;
    let trees =
        Trees::new(sample.width, Link::Identity, 0.0, scale, trees).map_err(|e| e.to_string())?;
    Ok(Kernel::Trees(trees))
}

fn lower_node(node: &StoredNode) -> Node {
    match (node.split_value, node.true_child, node.false_child) {
        (Some(threshold), Some(left), Some(right)) => Node::split(
            node.split_feature as u32,
            threshold,
            left as u32,
            right as u32,
        ),
        _ => Node::leaf(node.output, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Unwatched;
    use crate::train::learners::fixture;

    /// For every row of the table, the kernel reproduces the library's prediction.
    #[test]
    fn lowered_is_the_librarys() {
        fixture::with_sample(|sample| {
            let library = fit_library(sample, &Unwatched).unwrap();
            let x = sample.x.iter().map(|v| f64::from(*v)).collect();
            let x = DenseMatrix::new(sample.rows(), sample.width, x, false).unwrap();
            let expected = library.predict(&x).unwrap();
            let kernel = lower(&library, sample).unwrap();
            for (row, expected) in sample.x.chunks_exact(sample.width).zip(expected) {
                let lowered = kernel.score(row);
                assert!(
                    (lowered - expected).abs() < 1e-9,
                    "{lowered}, library {expected}"
                );
            }
        });
    }
}
