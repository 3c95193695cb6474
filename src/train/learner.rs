//! The interface of a learner: it is fitted on a matrix of features and lowered to a kernel.

use std::fmt::Debug;

use super::progress::Progress;
use crate::kernel::Kernel;

/// The training data of a learner.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// Features, row-major: `y.len()` × `width` finite values.
    pub x: &'a [f32],
    pub width: usize,
    /// Labels; both values occur.
    pub y: &'a [bool],
    /// Seed of every random choice.
    pub seed: u64,
}

impl Sample<'_> {
    pub fn rows(&self) -> usize {
        self.y.len()
    }

    pub fn at(&self, i: usize, j: usize) -> f32 {
        self.x[i * self.width + j]
    }
}

/// Why a fit returned no kernel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    /// The caller cancelled the fit.
    #[error("stopped")]
    Stopped,
    /// The fit failed; the text gives the reason.
    #[error("{0}")]
    Failed(String),
}

/// An algorithm whose fit is converted into a kernel at once.
pub trait Learner: Debug + Sync {
    /// Name of the learner on the command line and in model cards.
    fn name(&self) -> &'static str;

    /// A one-sentence description for users.
    fn about(&self) -> &'static str;

    /// Learners whose predictions this learner averages; empty for a base learner.
    fn members(&self) -> &'static [&'static dyn Learner] {
        &[]
    }

    /// Fits the learner and converts the result into a kernel. [`super::fit`] combines learners with members and does not
    /// call their `fit`. A fit may take minutes; it must end within 2 s after `progress` reports a cancellation.
    fn fit(&self, sample: &Sample<'_>, progress: &dyn Progress) -> Result<Kernel, FitError>;
}
