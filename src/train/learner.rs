//! What a learner is, and the table of them.

use std::fmt::Debug;

use super::TrainFault;
use super::learners::{blend, boosted, forest, logistic};
use crate::kernel::Kernel;

/// What a learner is fitted on.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// Features, row by row: `y.len()` × `width`, finite.
    pub x: &'a [f32],
    /// Features a row.
    pub width: usize,
    /// Labels; both values occur.
    pub y: &'a [bool],
    /// Seed of everything random.
    pub seed: u64,
}

impl Sample<'_> {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.y.len()
    }

    /// Value of feature `j` of row `i`.
    pub fn at(&self, i: usize, j: usize) -> f32 {
        self.x[i * self.width + j]
    }
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

    /// Fits and lowers. Learners with members are put together by [`fit`] and never asked.
    ///
    /// # Errors
    /// Why it could not, in words.
    fn fit(&self, sample: &Sample<'_>) -> Result<Kernel, String>;
}

/// All learners, simplest first: of equals the first is chosen.
pub static LEARNERS: &[&dyn Learner] = &[
    &logistic::Logistic,
    &forest::Forest,
    &boosted::Boosted,
    &blend::Blend,
];

/// The learner of a name.
pub fn named(name: &str) -> Option<&'static dyn Learner> {
    LEARNERS.iter().copied().find(|l| l.name() == name)
}

/// Learners of their own that are needed to have all of `wanted`, each once.
pub fn bases(wanted: &[&'static dyn Learner]) -> Vec<&'static dyn Learner> {
    let mut bases: Vec<&'static dyn Learner> = Vec::new();
    for learner in wanted {
        let own = [*learner];
        let parts = if learner.members().is_empty() {
            &own
        } else {
            learner.members()
        };
        for part in parts {
            if !bases.iter().any(|b| b.name() == part.name()) {
                bases.push(*part);
            }
        }
    }
    bases
}

/// Fits one learner, members and all.
///
/// # Errors
/// [`TrainFault::Learner`], naming the one that failed.
pub fn fit(learner: &'static dyn Learner, sample: &Sample<'_>) -> Result<Kernel, TrainFault> {
    if learner.members().is_empty() {
        return learner.fit(sample).map_err(|why| TrainFault::Learner {
            learner: learner.name(),
            why,
        });
    }
    let members = learner.members().iter().map(|m| fit(*m, sample));
    Ok(Kernel::Mean(members.collect::<Result<_, _>>()?))
}
