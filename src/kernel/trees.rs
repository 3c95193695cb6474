//! An ensemble of trees, a forest or boosted, scored from the packed layout.

use serde::{Deserialize, Serialize};

use super::error::{KernelError, finite};
use super::line;
use super::logistic::sigmoid;
use super::packed::{BLOCK, MAX_FEATURES, Packed};
use super::shap::{AttributionScratch, Paths};
use super::tree::Tree;

/// Maps the ensemble's raw score to a probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Link {
    /// The raw score is a probability; it is clamped to [0, 1].
    Identity,
    /// The raw score is log odds.
    Logistic,
}

impl Link {
    fn apply(self, raw: f64) -> f64 {
        match self {
            Link::Identity => raw.clamp(0.0, 1.0),
            Link::Logistic => sigmoid(raw),
        }
    }
}

/// A checked ensemble: `probability = link(base_score + scale · Σ leaf)`.
///
/// A forest of n probability trees has base 0, scale 1/n, [`Link::Identity`]; a boosted model has its learning rate as the
/// scale and [`Link::Logistic`]. The trees are ordered by depth; the sum runs in that order, pairwise within groups of
/// sixteen, for single rows and batches alike. The stored form is defined in `wire`.
#[derive(Debug, Clone, PartialEq)]
pub struct Trees {
    pub(super) packed: Packed,
    paths: Paths,
    pub(super) link: Link,
    pub(super) base_score: f64,
    pub(super) scale: f64,
    /// Expected raw score over the training rows: the base of every explanation.
    expected: f64,
}

impl Trees {
    /// Checks the trees for rows of `width` features and packs them.
    /// Fails without a feature or a tree, with too many features, on a number that is not finite and on an invalid tree.
    pub fn new(
        width: usize,
        link: Link,
        base_score: f64,
        scale: f64,
        trees: Vec<Tree>,
    ) -> Result<Trees, KernelError> {
        match width {
            0 => return Err(KernelError::NoFeatures),
            found if found > MAX_FEATURES => {
                return Err(KernelError::TooManyFeatures {
                    found,
                    limit: MAX_FEATURES,
                });
            }
            _ => {}
        }
        finite("the base score", base_score)?;
        finite("the scale", scale)?;
        if trees.is_empty() {
            return Err(KernelError::NoTrees);
        }
        let packed =
            Packed::new(width, trees).map_err(|(tree, fault)| KernelError::Tree { tree, fault })?;
        // Sums of finite leaves must stay finite, or some score would be infinity minus infinity.
        finite(
            "the largest score",
            base_score.abs() + scale.abs() * packed.largest_sum(),
        )?;
        let paths = Paths::new(&packed);
        let expected = base_score + scale * paths.expected();
        finite("the expected score", expected)?;
        Ok(Trees {
            packed,
            paths,
            link,
            base_score,
            scale,
            expected,
        })
    }

    pub fn width(&self) -> usize {
        self.packed.width()
    }

    pub fn count(&self) -> usize {
        self.packed.roots().len()
    }

    /// Number of splits on the longest path.
    pub fn depth(&self) -> usize {
        self.packed.depth()
    }

    pub fn link(&self) -> Link {
        self.link
    }

    pub(super) fn score(&self, x: &[f32]) -> f64 {
        self.finish(self.packed.sum(x))
    }

    pub(super) fn score_batch(&self, rows: &[f32], out: &mut [f64]) {
        for (rows, out) in rows.chunks(BLOCK * self.width()).zip(out.chunks_mut(BLOCK)) {
            self.packed.sum_block(rows, out);
            out.iter_mut().for_each(|sum| *sum = self.finish(*sum));
        }
    }

    fn finish(&self, sum: f64) -> f64 {
        self.link.apply(self.base_score + self.scale * sum)
    }

    /// TreeSHAP on the raw score, then propagated through the link along the straight line.
    pub(super) fn attribute(
        &self,
        x: &[f32],
        phi: &mut [f64],
        scratch: &mut AttributionScratch,
    ) -> f64 {
        assert_eq!(x.len(), self.width(), "features in a row");
        self.paths.attribute(x, phi, scratch);
        phi.iter_mut().for_each(|phi| *phi *= self.scale);
        let mut base = self.expected;
        line::carry(|raw| self.link.apply(raw), &mut base, phi);
        base
    }
}
