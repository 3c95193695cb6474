//! Settings of trainings on request and of automatic retraining.

use std::num::{NonZeroU32, NonZeroU64};

use serde::Deserialize;

use super::controller::Triggers;
use crate::promotion::policy::Promote;
use crate::units::Span;

/// The section `train`. Folds and repeats are settings of the spec, because they depend on the table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Train {
    /// Seed of every random choice.
    pub seed: u64,
    /// Promotion mode for the new version.
    pub promote: Promote,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retrain {
    /// Folds of the cross-validation, at least 2.
    pub folds: u32,
    /// Repeats of the cross-validation.
    pub repeats: NonZeroU32,
    /// Whether the server retrains automatically.
    pub enabled: bool,
    /// Number of new labels that starts a training.
    pub labels: Option<NonZeroU64>,
    pub every: Option<Span>,
    /// Whether a monitor's verdict may start a training.
    pub on_drift: bool,
    /// Minimum number of new labels for a training that a verdict starts.
    pub drift_labels: NonZeroU64,
    /// Minimum time between automatic trainings.
    pub cooldown: Span,
}

impl Retrain {
    /// The triggers for the retrain controller.
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

/// What is wrong with a number of folds, beyond what its type checks.
pub fn fold_fault(folds: u32) -> Option<String> {
    (folds < 2).then(|| format!("{folds} is not allowed; write a whole number, 2 or more: one fold has nothing to be tested on"))
}
