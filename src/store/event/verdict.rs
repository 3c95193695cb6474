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

    fn document<T: for<'de> Deserialize<'de>>(&self, wanted: Kind) -> Option<T> {
        match self {
            Event::Document(kind, json) if *kind == wanted => serde_json::from_str(json).ok(),
            _ => None,
        }
    }
}
