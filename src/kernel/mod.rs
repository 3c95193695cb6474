//! The form to which every learner is lowered: flat scorers over `&[f32]`, their explanations, calibration curves.
//!
//! Pure mathematics: no schema, no I/O, no allocation per call. A [`Kernel`] computes the probability of the positive class
//! for a row of features, and decomposes it into a base and one part per feature. `unsafe` occurs in `packed` alone, whose
//! data are always built from checked parts, also when they are read from a file.

mod calibration;
mod error;
mod line;
mod linear;
mod logistic;
mod members;
mod packed;
mod shap;
mod tree;
mod trees;
mod wire;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use calibration::Calibration;
pub use error::{KernelError, TreeError};
pub use linear::Linear;
pub use packed::MAX_FEATURES;
pub use shap::AttributionScratch;
pub use tree::{MAX_DEPTH, MAX_NODES, Node, Tree};
pub use trees::{Link, Trees};

/// Number of rows that a mean scores at a time; the members' scores are on the stack.
const BLOCK: usize = 64;

/// A scorer of rows.
///
/// Rows are `f32`, with NaN for a missing feature: each split of a tree says which way it goes, and a linear kernel takes the
/// value of its baseline. All calls but [`Kernel::check`] panic if a slice does not have the length that [`Kernel::width`]
/// requires.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Kernel {
    Linear(Linear),
    /// A forest or boosted trees.
    Trees(Trees),
    /// Unweighted mean of the members' probabilities; members are never means themselves.
    Mean(#[serde(with = "members")] Vec<Kernel>),
}

impl Kernel {
    /// Verifies what a file may get wrong and construction does not already rule out; must be called once after deserialising.
    /// Returns the first error: no feature or member, lengths or widths that differ, a number that is not finite, a mean in a mean.
    pub fn check(&self) -> Result<(), KernelError> {
        match self {
            Kernel::Linear(linear) => linear.check(),
            Kernel::Trees(_) => Ok(()), // unchecked trees cannot be built
            Kernel::Mean(members) => check_members(members),
        }
    }

    pub fn width(&self) -> usize {
        match self {
            Kernel::Linear(linear) => linear.weights.len(),
            Kernel::Trees(trees) => trees.width(),
            Kernel::Mean(members) => members.first().map_or(0, Kernel::width),
        }
    }

    /// Probability of the positive class, in [0, 1] for every row of finite numbers and NaN.
    pub fn score(&self, x: &[f32]) -> f64 {
        match self {
            Kernel::Linear(linear) => linear.score(x),
            Kernel::Trees(trees) => trees.score(x),
            Kernel::Mean(members) => {
                let mut sum = 0.0;
                for member in members {
                    sum += member.score(x);
                }
                sum / members.len() as f64
            }
        }
    }

    /// [`Kernel::score`] of every row, identical to the bit: `rows` is row-major, `out.len()` × width.
    pub fn score_batch(&self, rows: &[f32], out: &mut [f64]) {
        let width = self.width();
        assert_eq!(rows.len(), out.len() * width, "features in the rows");
        match self {
            Kernel::Linear(linear) => {
                rows.chunks_exact(width)
                    .zip(out)
                    .for_each(|(x, out)| *out = linear.score(x));
            }
            Kernel::Trees(trees) => trees.score_batch(rows, out),
            Kernel::Mean(members) => {
                for (rows, out) in rows.chunks(BLOCK * width).zip(out.chunks_mut(BLOCK)) {
                    mean_block(members, rows, out);
                }
            }
        }
    }

    /// Decomposes the score of row `x`: fills `phi` (one per feature) and returns the base, with base + Σ phi = score to 1e-9.
    ///
    /// Trees use exact path-dependent TreeSHAP (see `shap`), linear kernels w·(x − baseline). Both are then propagated through
    /// the link along the straight line (see `line`). The explanation of a mean is the mean of its members' explanations.
    pub fn attribute(&self, x: &[f32], phi: &mut [f64], scratch: &mut AttributionScratch) -> f64 {
        assert_eq!(phi.len(), self.width(), "one part per feature");
        match self {
            Kernel::Linear(linear) => linear.attribute(x, phi),
            Kernel::Trees(trees) => trees.attribute(x, phi, scratch),
            Kernel::Mean(members) => mean_attribution(members, x, phi, scratch),
        }
    }
}

fn check_members(members: &[Kernel]) -> Result<(), KernelError> {
    let width = members.first().ok_or(KernelError::NoMembers)?.width();
    for (at, member) in members.iter().enumerate() {
        if matches!(member, Kernel::Mean(_)) {
            return Err(KernelError::NestedMean { member: at });
        }
        let fault = |fault| KernelError::Member {
            member: at,
            fault: Box::new(fault),
        };
        member.check().map_err(fault)?;
        error::length("features of a member of the mean", width, member.width())?;
    }
    Ok(())
}

/// The sum of the members' scores, in the order of [`Kernel::score`].
fn mean_block(members: &[Kernel], rows: &[f32], out: &mut [f64]) {
    let mut scores = [0.0; BLOCK];
    let scores = &mut scores[..out.len()];
    out.fill(0.0);
    for member in members {
        member.score_batch(rows, scores);
        out.iter_mut()
            .zip(&*scores)
            .for_each(|(sum, score)| *sum += score);
    }
    out.iter_mut().for_each(|sum| *sum /= members.len() as f64);
}

fn mean_attribution(
    members: &[Kernel],
    x: &[f32],
    phi: &mut [f64],
    scratch: &mut AttributionScratch,
) -> f64 {
    let mut part = std::mem::take(&mut scratch.member);
    part.resize(phi.len(), 0.0);
    phi.fill(0.0);
    let (share, mut base) = (1.0 / members.len() as f64, 0.0);
    for member in members {
        base += member.attribute(x, &mut part, scratch) * share;
        phi.iter_mut()
            .zip(&part)
            .for_each(|(phi, part)| *phi += part * share);
    }
    scratch.member = part;
    base
}
