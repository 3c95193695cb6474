//! What a learner is.

use std::fmt::Debug;

use super::progress::Progress;
use crate::kernel::Kernel;

/// What a learner is fitted on.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// Features, row by row: `y.len()` × `width`, finite.
    pub x: &'a [f32],
    pub width: usize,
    /// Labels; both values occur.
    pub y: &'a [bool],
    /// Seed of everything random.
    pub seed: u64,
}

impl Sample<'_> {
    pub fn rows(&self) -> usize {
        self.y.len()
    }

    /// Value of feature `j` of row `i`.
    pub fn at(&self, i: usize, j: usize) -> f32 {
        self.x[i * self.width + j]
    }
}

/// Why a fit has no kernel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FitFault {
    /// The caller asked to stop.
    #[error("stopped")]
    Stopped,
    /// It could not, in words.
    #[error("{0}")]
    Failed(String),
}

/// An algorithm that fits and is lowered to a kernel right away.
pub trait Learner: Debug + Sync {
    /// Its name on the command line and in cards.
    fn name(&self) -> &'static str;

    /// A sentence for people.
    fn about(&self) -> &'static str;

    /// Learners whose mean this one is; none for a learner of its own.
    fn members(&self) -> &'static [&'static dyn Learner] {
        &[]
    }

    /// Fits and lowers. Learners with members are put together by [`super::fit`] and never asked. A fit may take minutes: it ends
    /// within 2 s when `progress` is stopped.
    fn fit(&self, sample: &Sample<'_>, progress: &dyn Progress) -> Result<Kernel, FitFault>;
}
