//! The learners, one file each, and the table that lists them.

mod apart;
pub mod blend;
pub mod boosted;
pub mod deep;
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
    &deep::Deep,
    &blend::Blend,
];

/// The learner with this name.
pub fn named(name: &str) -> Option<&'static dyn Learner> {
    LEARNERS.iter().copied().find(|l| l.name() == name)
}

/// The base learners that `wanted` needs for a table of so many rows: those of them that are no blend, and for a blend all that
/// such a table is tried with.
pub fn bases(wanted: &[&'static dyn Learner], rows: usize) -> Vec<&'static dyn Learner> {
    let blends = wanted.iter().any(|learner| learner.is_blend());
    let needed = |base: &&dyn Learner| {
        !base.is_blend()
            && (blends && rows >= base.least_rows()
                || wanted.iter().any(|l| l.name() == base.name()))
    };
    LEARNERS.iter().copied().filter(needed).collect()
}
