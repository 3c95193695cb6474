//! A change reported by a detector.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Window;
use crate::monitor::detectors::{Change, Kind};

/// A change in the share of wrong decisions, as reported by a detector.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DetectedChange")]
pub struct Fired {
    /// Key of the detector: `page_hinkley`.
    pub detector: String,
    /// The label at which the detector fired, counted from 1.
    pub at: u64,
    pub change: Change,
    /// Whether the error rose (decay) rather than fell.
    pub decay: bool,
    /// The change described in one sentence.
    pub says: String,
}

impl Fired {
    /// Whether `window` shows that the error is back at its earlier level: the window began after the detector fired, and
    /// the confidence interval of its accuracy includes or exceeds the accuracy before the change.
    pub(super) fn is_over(&self, window: &Window) -> bool {
        window.first > self.at && window.reaches_accuracy(1.0 - self.change.before.mean)
    }

    pub(super) fn new(kind: &Kind, at: u64, change: Change) -> Fired {
        let Change { before, after } = change;
        let decay = change.rose();
        let says = format!(
            "{}: {} at label {at} found the share of wrong decisions {} from {:.1} % of {} labels to {:.1} % of the {} since",
            if decay { "decay" } else { "better" },
            kind.title,
            if decay { "risen" } else { "fallen" },
            100.0 * before.mean,
            before.n,
            100.0 * after.mean,
            after.n,
        );
        Fired {
            detector: kind.key.to_owned(),
            at,
            change,
            decay,
            says,
        }
    }
}
