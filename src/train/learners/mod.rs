//! The learners, one file each; [`super::learner`] has their table.

mod apart;
pub mod blend;
pub mod boosted;
pub mod forest;
pub mod logistic;

#[cfg(test)]
pub(super) mod fixture;
