//! Documents about the contents of the store: events, labels, the quarantine and sources.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::pulls::view::SourceView;
use crate::schema::column::Label as Truth;
use crate::store::rows::Quarantined;
use crate::telemetry::metrics::{EventKind, LabelStatus};

/// A stored event. Its other members depend on its kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// Number of the event. Events are numbered in the order in which they were stored.
    pub seq: u64,
    /// Time of the event, RFC 3339.
    pub time: String,
    /// Kind of the event.
    #[schemars(with = "EventKind")]
    pub kind: String,
    /// Id of the object that the event is about, such as a prediction or a row.
    pub id: String,
    /// Members that are specific to the kind.
    #[serde(flatten)]
    pub members: Map<String, Value>,
}

/// A stored prediction with its ground-truth label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StoredPrediction {
    /// The prediction event.
    #[serde(flatten)]
    pub event: Event,
    /// The ground-truth label; null until one is known.
    pub truth: Option<Truth>,
}

/// A page of events.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Events {
    /// The events, in ascending order of their numbers.
    pub events: Vec<Event>,
    /// Event number to pass as `after` to get the next page.
    pub next: u64,
}

/// The outcome of a submitted label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Label {
    /// Id of the labelled prediction; null as long as no prediction of the row is known.
    pub id: Option<String>,
    /// Status of the label.
    #[schemars(with = "LabelStatus")]
    pub status: String,
    /// The row's own id, if the label was submitted with this id instead of a prediction id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Truth")]
    pub key: Option<Value>,
    /// What a waiting label is waiting for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub detail: Option<String>,
}

/// The outcome of a submitted label or list of labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Labelled {
    /// The outcome of a single label.
    One(Label),
    /// The outcomes of a list of labels.
    Many {
        /// One outcome per label, in the order of the request.
        labels: Vec<Label>,
    },
}

/// A page of quarantined rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quarantine {
    /// The quarantined rows, oldest first.
    pub quarantine: Vec<Quarantined>,
    /// Id to pass as `after` to get the next page; null on the last page.
    pub next: Option<String>,
}

/// The result of dropping rows from the quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dropped {
    /// Number of dropped rows.
    pub dropped: usize,
}

/// The sources that the server pulls on a schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sources {
    /// All sources, sorted by name.
    pub sources: Vec<SourceView>,
}
