//! The learners, one file each, and the table that lists them.

mod apart;
pub mod blend;
pub mod boosted;
pub mod forest;
pub mod logistic;

#[cfg(test)]
pub(super) mod fixture;

use super::learner::Learner;

/// All learners, simplest first: a tie is won by the first.
pub static LEARNERS: &[&dyn Learner] = &[
    &logistic::Logistic,
    &forest::Forest,
    &boosted::Boosted,
    &blend::Blend,
];

/// The learner with this name.
pub fn named(name: &str) -> Option<&'static dyn Learner> {
    LEARNERS.iter().copied().find(|l| l.name() == name)
}

/// The base learners that `wanted` needs, each once: a learner itself, or its members.
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
