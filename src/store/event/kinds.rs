//! The contents of an event, one struct for each kind.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::row::StoredRow;
use crate::schema::column::Label;
use crate::store::kind::Kind;
use crate::telemetry::metrics::Transport;

/// The contents of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// A prediction was made.
    Prediction(PredictionEvent<'a>),
    /// A row was stored.
    Row(RowEvent<'a>),
    /// A label was joined to a prediction or a row, or replaced another label.
    Label(LabelEvent<'a>),
    /// A waiting label was dropped: its prediction did not come in time, or has a different label.
    LabelExpired(LabelEvent<'a>),
    /// An event of a rare kind, as a JSON object: a quarantined row, a verdict, an alert, or a line of the model ledger.
    Document(Kind, &'a str),
}

impl Event<'_> {
    pub fn kind(&self) -> Kind {
        match self {
            Event::Prediction(_) => Kind::Prediction,
            Event::Row(_) => Kind::Row,
            Event::Label(_) => Kind::Label,
            Event::LabelExpired(_) => Kind::LabelExpired,
            Event::Document(kind, _) => *kind,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct PredictionEvent<'a> {
    pub label: Cow<'a, Label>,
    /// Probability of the positive value.
    pub probability: f64,
    pub model: Arc<str>,
    /// The transport by which the row reached the server; none in events of revision 1.
    pub transport: Option<Transport>,
    /// The row, without its own id.
    pub row: StoredRow<'a>,
    /// The row's own id, where it has one.
    pub own_id: Option<Cow<'a, str>>,
    /// The warnings of the prediction as a JSON list; none where there were none. Only exports read them.
    pub warnings: Option<Cow<'a, str>>,
    /// Position of the prediction in a large request.
    pub batch: Option<Batch>,
    /// Whether its label was stored before the prediction.
    pub awaited: bool,
}

/// Position of a prediction in a request of many rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Identifies the request: equal for all its rows, different for other requests.
    pub id: u32,
    /// Position among the rows that got a prediction, from 0.
    pub row: u64,
    /// Number of rows of the request that got a prediction.
    pub rows: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RowEvent<'a> {
    pub row: StoredRow<'a>,
    /// The label, where the row carries one.
    pub label: Option<Cow<'a, Label>>,
    /// The transport by which the row reached the platform; none in events of revision 1.
    pub transport: Option<Transport>,
    /// The identity of the row; none in events of revision 4 and earlier, whose identities are in a table of their own.
    pub identity: Option<Identity>,
}

/// The identity of a row, by which it is stored only once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Whether the first column of the row is its own id.
    pub has_own_id: bool,
    /// Half a SHA-256 of own id, content and label, and of the origin where the row has no own id.
    pub digest: [u8; 16],
}

/// A label of a prediction or a row.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelEvent<'a> {
    pub label: Cow<'a, Label>,
    /// Whether it replaced another label.
    pub correct: bool,
    /// In an expired label: the row's own id by which the label waited.
    pub own_id: Option<Cow<'a, str>>,
    /// The prediction's label, where the label was dropped because it contradicts that one.
    pub conflict: Option<Cow<'a, Label>>,
}
