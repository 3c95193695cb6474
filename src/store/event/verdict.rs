//! Typed views of events that are stored as JSON: verdicts of the monitor, and lines of the model ledger.

use serde::{Deserialize, Serialize};

use super::kinds::Event;
use crate::store::kind::Kind;

/// The fields of a monitor's verdict that the retrain controller uses.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct VerdictEvent {
    /// The model that the verdict is about; none where it is about no model.
    pub model: Option<String>,
    /// What was tested: `drift`, `decay` or `performance`.
    #[serde(default)]
    pub about: String,
    /// The slice of the rows that the verdict is about; none where it is about all rows.
    pub slice: Option<serde_json::Value>,
    /// Whether the window was full; a verdict on a partial window triggers nothing.
    #[serde(default = "is_full")]
    pub full: bool,
    /// Whether the monitor found drift of the rows.
    pub drift: Option<bool>,
    /// Whether the monitor found a decay of the model's performance.
    pub decay: Option<bool>,
    /// Whether the verdict requests a training.
    pub retrain: Option<Retrain>,
}

/// Whether a verdict requests a training, and the reason.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Retrain {
    /// Whether a training is requested.
    pub asked: bool,
    /// The reason for or against a training.
    pub why: String,
}

fn is_full() -> bool {
    true
}

/// The window of rows that a verdict on drift is about.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct WindowEvent {
    pub model: String,
    /// The slice of the rows; none where the window is of all rows.
    pub slice: Option<serde_json::Value>,
    pub window: EventRange,
}

/// A range of event numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct EventRange {
    /// Number of the first event.
    pub from: u64,
    /// Number of the last event.
    pub to: u64,
}

/// A change of an alert's state.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct AlertEvent {
    /// Id of the alert.
    pub alert: String,
    /// What the alert is about, such as the name of a model.
    pub subject: String,
}

/// A line of the ledger about a model.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ModelEvent {
    /// Sequence number of the line in the ledger.
    pub ledger_seq: u64,
    /// When the line was written.
    pub ledger_time: String,
}

impl Event<'_> {
    /// The verdict, if the event is one that can be parsed.
    pub fn verdict(&self) -> Option<VerdictEvent> {
        self.document(Kind::Verdict)
    }

    /// The ledger line, if the event is one that can be parsed.
    pub fn model(&self) -> Option<ModelEvent> {
        self.document(Kind::Model)
    }

    /// The window, if the event is a verdict on drift.
    pub fn window(&self) -> Option<WindowEvent> {
        self.document(Kind::Verdict)
    }

    /// The change of an alert, if the event is one.
    pub fn alert(&self) -> Option<AlertEvent> {
        self.document(Kind::Alert)
    }

    fn document<T: for<'de> Deserialize<'de>>(&self, wanted: Kind) -> Option<T> {
        match self {
            Event::Document(kind, json) if *kind == wanted => serde_json::from_str(json).ok(),
            _ => None,
        }
    }
}
