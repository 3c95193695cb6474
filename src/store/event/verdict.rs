//! Typed views of events that are stored as JSON: verdicts about a model, and lines of the model ledger.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::kinds::Event;
use crate::monitor::slice::Slice;
use crate::monitor::verdict::{Retrain, Span};
use crate::store::kind::Kind;

/// A verdict about a model, as it is stored, exported and published: the members and their order are part of the format.
/// The details `D` are for clients. The retrain controller reads the other members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum VerdictEvent<D = IgnoredAny> {
    /// The comparison of a window of rows with the training rows.
    Drift {
        model: String,
        /// The slice of the rows that was tested; `None` for all rows.
        slice: Option<Slice>,
        /// `None` without drift.
        retrain: Option<Retrain>,
        window: Span,
        /// A window that is not full withdraws and forbids nothing.
        #[serde(default = "is_full")]
        full: bool,
        batch: Option<u64>,
        #[serde(flatten)]
        details: D,
    },
    /// A full window of labels.
    Performance {
        model: String,
        #[serde(flatten)]
        details: D,
        /// Whether the error rate is still higher than before.
        decay: bool,
    },
    /// A detector reported a change of the error rate.
    Decay {
        model: String,
        #[serde(flatten)]
        details: D,
        /// `None` if the error rate fell.
        retrain: Option<Retrain>,
    },
    Gate {
        gate: D,
    },
    Shadow {
        shadow: D,
    },
    Probation {
        probation: D,
    },
}

fn is_full() -> bool {
    true
}

impl<D: Serialize> VerdictEvent<D> {
    /// The event as JSON.
    pub fn to_json(&self) -> Box<RawValue> {
        to_raw_value(self).expect("verdicts have text keys alone")
    }
}

/// The window of rows that a verdict on drift is about.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct WindowEvent {
    pub model: String,
    /// The slice of the rows; none where the window is of all rows.
    pub slice: Option<Slice>,
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
