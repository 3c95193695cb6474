//! Settings of training by hand and of retraining.

use std::num::{NonZeroU32, NonZeroU64};

use serde::Deserialize;

use super::controller::Triggers;
use crate::promotion::policy::Promote;
use crate::units::Span;

/// `train`. Folds and repeats are the spec's: they belong to the table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Train {
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// What becomes of the new version.
    pub promote: Promote,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retrain {
    /// Folds of the cross-validation.
    pub folds: u32,
    /// How often it is repeated.
    pub repeats: NonZeroU32,
    /// Whether the server trains on its own.
    pub enabled: bool,
    /// After so many new truths.
    pub labels: Option<NonZeroU64>,
    pub every: Option<Span>,
    /// When a monitor says so.
    pub on_drift: bool,
    /// With so many new truths at least.
    pub drift_labels: NonZeroU64,
    /// At the earliest so long after the last one.
    pub cooldown: Span,
}

impl Retrain {
    /// The triggers, as the steward takes them.
    pub fn triggers(&self) -> Triggers {
        Triggers {
            enabled: self.enabled,
            labels: self.labels.map(NonZeroU64::get),
            every: self.every.map(|every| every.0.as_secs()),
            on_drift: self.on_drift.then_some(self.drift_labels.get()),
            cooldown: self.cooldown.0.as_secs(),
        }
    }
}

/// What types cannot say about a number of folds.
pub fn fold_fault(folds: u32) -> Option<String> {
    (folds < 2).then(|| format!("{folds} is not allowed; write a whole number, 2 or more: one fold has nothing to be tested on"))
}
