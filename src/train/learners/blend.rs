//! `blend`: the plain mean of those learners' probabilities that are better together.

use crate::kernel::Kernel;
use crate::train::learner::{FitError, Learner, Sample};
use crate::train::progress::Progress;

/// The mean of some of the other learners; which ones the cross-validation decides (`train::greedy`).
#[derive(Debug)]
pub struct Blend;

impl Learner for Blend {
    fn name(&self) -> &'static str {
        "blend"
    }

    fn about(&self) -> &'static str {
        "mean of the learners that are better together"
    }

    fn is_blend(&self) -> bool {
        true
    }

    fn work(&self, _: usize, _: usize, _: usize) -> u64 {
        0
    }

    fn latency(&self, _: usize, _: usize) -> u64 {
        0
    }

    fn fit(&self, _: &Sample<'_>, _: &dyn Progress) -> Result<Kernel, FitError> {
        let why = "a blend is put together from its members";
        Err(FitError::Failed(why.into()))
    }
}
