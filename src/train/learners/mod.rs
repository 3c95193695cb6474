//! The learners, one file each; [`super::learner`] has their table.

pub mod blend;
pub mod boosted;
pub mod forest;
pub mod logistic;
