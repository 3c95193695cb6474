//! What the store holds: events, labels, the quarantine, sources.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::pulls::view::SourceView;
use crate::schema::column::Label as Truth;
use crate::store::rows::QuarantinedView;
use crate::telemetry::metrics::{EventKind, LabelStatus};

/// An event as it is stored. What else it holds depends on its kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Its number: events are numbered in the order in which they were stored.
    pub seq: u64,
    /// When it happened, RFC 3339.
    pub time: String,
    /// Its kind.
    #[schemars(with = "EventKind")]
    pub kind: String,
    /// The id of what it is about.
    pub id: String,
    /// The members of its kind.
    #[serde(flatten)]
    pub members: Map<String, Value>,
}

/// A prediction with its ground truth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StoredPrediction {
    /// The event.
    #[serde(flatten)]
    pub event: Event,
    /// The ground truth; null while none is known.
    pub truth: Option<Truth>,
}

/// A page of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Events {
    /// The events, in their order.
    pub events: Vec<Event>,
    /// After which number to go on.
    pub next: u64,
}

/// What became of a label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Label {
    /// The prediction's id; null while no prediction of the row is known.
    pub id: Option<String>,
    /// What became of it.
    #[schemars(with = "LabelStatus")]
    pub status: String,
    /// The row's own id, where the label came by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Truth")]
    pub key: Option<Value>,
    /// What a label that waits, waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub detail: Option<String>,
}

/// What became of a label, or of a list of labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Labelled {
    /// Of one that came alone.
    One(Label),
    /// Of a list.
    Many {
        /// One entry a label, in their order.
        labels: Vec<Label>,
    },
}

/// A page of the quarantine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quarantine {
    /// The rows, oldest first.
    pub quarantine: Vec<QuarantinedView>,
    /// After which id to go on; null after the last one.
    pub next: Option<String>,
}

/// How many rows left the quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dropped {
    /// Rows that are no more.
    pub dropped: usize,
}

/// The sources that the server pulls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sources {
    /// Every source, by name.
    pub sources: Vec<SourceView>,
}
