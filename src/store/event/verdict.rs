//! What is read of events that are stored as JSON: the verdicts of monitors, and the life of models.

use serde::{Deserialize, Serialize};

use super::kinds::Event;
use crate::store::kind::Kind;

/// A verdict of a monitor, as far as whoever retrains acts on it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct VerdictEvent {
    /// The model it was found of; none where it is of no model.
    pub model: Option<String>,
    /// What was looked at: `drift`, `decay`, `performance`.
    #[serde(default)]
    pub about: String,
    /// The part of the rows it is about; none where it is about all of them.
    pub slice: Option<serde_json::Value>,
    /// Whether the window was full: a half-full one decides nothing.
    #[serde(default = "is_full")]
    pub full: bool,
    /// Whether the rows have drifted.
    pub drift: Option<bool>,
    /// Whether the performance has decayed.
    pub decay: Option<bool>,
    /// Whether a training is wanted.
    pub retrain: Option<Retrain>,
}

/// Whether a training is wanted, and why or why not.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Retrain {
    /// Whether it is.
    pub asked: bool,
    /// Why.
    pub why: String,
}

fn is_full() -> bool {
    true
}

/// Something that happened to a model: a line of the ledger.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ModelEvent {
    /// Number of the line.
    pub ledger_seq: u64,
    /// When it was written.
    pub ledger_time: String,
}

impl Event<'_> {
    /// The verdict, if it is one that can be read.
    pub fn verdict(&self) -> Option<VerdictEvent> {
        self.document(Kind::Verdict)
    }

    /// What happened to a model, if it is that and can be read.
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
