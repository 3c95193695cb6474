//! Trees on binned features: what the boosted learners and the forest have in common.
//!
//! Features are cut into at most 256 bins once per sample, and every learner of the sample reads the same bins. Splits are
//! found in histograms over the bins. All sums are integers (fixed point), so they do not depend on the order of the rows, and
//! the histogram of a node minus that of one child is exactly that of the other.

pub mod bins;
pub mod boost;
mod bounds;
pub mod forest;
pub mod grow;
mod sums;

#[cfg(test)]
mod tests;
