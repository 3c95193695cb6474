//! Settings of training by hand and of retraining.

use std::num::NonZeroU32;

use serde::Deserialize;

use crate::control::promotion::Promote;

/// `train`. Folds and repeats are the spec's: they belong to the table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Train {
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// What becomes of the new version.
    pub promote: Promote,
}

/// `retrain`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retrain {
    /// Folds of the cross-validation.
    pub folds: u32,
    /// How often it is repeated.
    pub repeats: NonZeroU32,
}

/// What types cannot say about a number of folds.
pub(super) fn fold_fault(folds: u32) -> Option<String> {
    (folds < 2).then(|| format!("{folds} is not allowed; write a whole number, 2 or more: one fold has nothing to be tested on"))
}
