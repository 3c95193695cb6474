//! A detector that told of a change.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Window;
use crate::monitor::detectors::{Change, Kind};

/// A detector that told of a change in the share of wrong decisions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DetectedChange")]
pub struct Fired {
    /// Which detector, by its key: `page_hinkley`.
    pub detector: String,
    /// At which truth, counted from 1.
    pub at: u64,
    pub change: Change,
    /// Whether the error rose; if not, the answers became better.
    pub decay: bool,
    /// All of it in a sentence.
    pub says: String,
}

impl Fired {
    /// Whether a window shows that the error is what it was before: the window began after this was told, and its accuracy's
    /// interval reaches up to where it was.
    pub(super) fn is_over(&self, window: &Window) -> bool {
        window.first > self.at && window.reaches_accuracy(1.0 - self.change.before.mean)
    }

    pub(super) fn new(kind: &Kind, at: u64, change: Change) -> Fired {
        let Change { before, after } = change;
        let decay = change.rose();
        let says = format!(
            "{}: {} at truth {at} found the share of wrong decisions {} from {:.1} % of {} truths to {:.1} % of the {} since",
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
