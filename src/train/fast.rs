//! The learners that score a row fast enough.

use super::error::TrainError;
use super::learner::Learner;
use super::learners;
use super::work::Limits;

/// The learners that are sure to score a row within the limit, and the base learners that they need.
pub(super) struct Fast {
    pub learners: Vec<&'static dyn Learner>,
    pub bases: Vec<&'static dyn Learner>,
}

/// Leaves out the learners that are slower than the limit for a row, if there is one.
///
/// # Errors
/// [`TrainError::TooSlow`] if none is left.
pub(super) fn fast(
    mut learners: Vec<&'static dyn Learner>,
    limits: &Limits,
    rows: usize,
    features: usize,
) -> Result<Fast, TrainError> {
    let mut bases = learners::bases(&learners, rows);
    let Some(limit) = limits.latency else {
        return Ok(Fast { learners, bases });
    };
    let latency = |learner: &&'static dyn Learner| learner.latency(rows, features);
    let fastest = bases.iter().copied().min_by_key(latency);
    learners.retain(|learner| latency(learner) <= limit);
    bases.retain(|learner| latency(learner) <= limit);
    match fastest.filter(|_| bases.is_empty()) {
        None => Ok(Fast { learners, bases }),
        Some(fastest) => Err(TrainError::TooSlow {
            limit,
            learner: fastest.name(),
            latency: latency(&fastest),
        }),
    }
}
