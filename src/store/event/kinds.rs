//! What an event of each kind says.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::row::StoredRow;
use crate::schema::column::Label;
use crate::store::kind::Kind;
use crate::telemetry::metrics::Transport;

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event<'a> {
    /// A prediction was made.
    Prediction(PredictionEvent<'a>),
    /// A row was handed in.
    Row(RowEvent<'a>),
    /// A label came for a prediction or a row.
    Label(LabelEvent<'a>),
    /// A label was given up: it waited in vain, or contradicts the one that is there.
    LabelExpired(LabelEvent<'a>),
    /// Anything that is rare, as a JSON object: a quarantined row, a verdict, an alert, the life of a model.
    Document(Kind, &'a str),
}

impl Event<'_> {
    /// Of which kind it is.
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

/// A prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictionEvent<'a> {
    /// The predicted label.
    pub label: Cow<'a, Label>,
    /// Probability of the positive value.
    pub probability: f64,
    /// The model that made it.
    pub model: Arc<str>,
    /// How its row reached the server; events of an early revision do not say.
    pub transport: Option<Transport>,
    /// The row, without its own id.
    pub row: StoredRow<'a>,
    /// The key of the row's own id, where it has one.
    pub own_id: Option<Cow<'a, str>>,
    /// The list of warnings given with it, as JSON; none where there were none. Nobody but an export reads them.
    pub warnings: Option<Cow<'a, str>>,
    /// Where it stands in a large request.
    pub batch: Option<Batch>,
    /// Whether its label was there before it.
    pub awaited: bool,
}

/// Where a prediction stands in a request of many rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// The request: the same number in all its rows, another in those of other requests.
    pub id: u32,
    /// Its place among the rows that were answered, from 0.
    pub row: u64,
    /// How many those are.
    pub rows: u64,
}

/// A row that was handed in.
#[derive(Clone, Debug, PartialEq)]
pub struct RowEvent<'a> {
    /// The row.
    pub row: StoredRow<'a>,
    /// The label, where the row brought it.
    pub label: Option<Cow<'a, Label>>,
    /// How it reached the platform; events of an early revision do not say.
    pub transport: Option<Transport>,
    /// What tells the row from others; none in events of revision 4 and before, for which the store has it beside them.
    pub identity: Option<Identity>,
}

/// What tells a row from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Whether the first column of the row is its own id.
    pub has_own_id: bool,
    /// Half a SHA-256 of what makes it the same row as another.
    pub digest: [u8; 16],
}

/// A label.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelEvent<'a> {
    /// The label.
    pub label: Cow<'a, Label>,
    /// Whether it replaces another.
    pub correct: bool,
    /// The row's own id that it waited for.
    pub own_id: Option<Cow<'a, str>>,
    /// The label of its prediction, which it contradicts.
    pub conflict: Option<Cow<'a, Label>>,
}
