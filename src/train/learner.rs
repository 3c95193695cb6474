//! What a learner is, and the table of them.

use std::fmt::Debug;

use super::learners::{blend, boosted, forest, logistic};
use super::{Progress, TrainFault};
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

    /// Fits and lowers. Learners with members are put together by [`fit`] and never asked. A fit may take minutes: it ends
    /// within 2 s when `progress` is stopped.
    fn fit(&self, sample: &Sample<'_>, progress: &dyn Progress) -> Result<Kernel, FitFault>;
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
/// [`TrainFault::Learner`], naming the one that failed; [`TrainFault::Stopped`].
pub fn fit(
    learner: &'static dyn Learner,
    sample: &Sample<'_>,
    progress: &dyn Progress,
) -> Result<Kernel, TrainFault> {
    if learner.members().is_empty() {
        return learner.fit(sample, progress).map_err(|fault| match fault {
            FitFault::Stopped => TrainFault::Stopped,
            FitFault::Failed(why) => TrainFault::Learner {
                learner: learner.name(),
                why,
            },
        });
    }
    let members = learner.members().iter().map(|m| fit(*m, sample, progress));
    Ok(Kernel::Mean(members.collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::learners::fixture::{StopsAfter, with_sample};

    /// Every learner checks before it begins; the boosted one also between columns and between its 250 trees.
    #[test]
    fn a_stopped_fit_has_no_kernel() {
        with_sample(|sample| {
            for learner in LEARNERS {
                let fault = fit(*learner, sample, &StopsAfter::looks(0)).unwrap_err();
                let name = learner.name();
                assert!(matches!(fault, TrainFault::Stopped), "{name}: {fault}");
            }
            for looks in [3, sample.width + 3] {
                let watch = StopsAfter::looks(looks);
                let fault = fit(&boosted::Boosted, sample, &watch).unwrap_err();
                assert!(matches!(fault, TrainFault::Stopped), "{fault}");
                assert_eq!(watch.count(), looks + 1);
            }
        });
    }
}
