//! `blend`: the plain mean of the other learners' probabilities.

use super::boosted::Boosted;
use super::forest::Forest;
use super::logistic::Logistic;
use crate::kernel::Kernel;
use crate::train::learner::{FitError, Learner, Sample};
use crate::train::progress::Progress;

/// Mean of logistic regression, forest and boosted trees.
#[derive(Debug)]
pub struct Blend;

impl Learner for Blend {
    fn name(&self) -> &'static str {
        "blend"
    }

    fn about(&self) -> &'static str {
        "mean of logistic, forest and boosted"
    }

    fn members(&self) -> &'static [&'static dyn Learner] {
        &[&Logistic, &Forest, &Boosted]
    }

    fn fit(&self, _: &Sample<'_>, _: &dyn Progress) -> Result<Kernel, FitError> {
        let why = "a blend is put together from its members";
        Err(FitError::Failed(why.into()))
    }
}
