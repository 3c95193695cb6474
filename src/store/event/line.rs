//! Parses an event from a line of an export, as another server sends it.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::record::{Body, BrokenEvent, Entry, Id, Record};
use crate::store::kind::{self, Kind};

/// Why a line is not a valid event.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    #[error("no {0}")]
    Missing(&'static str),
    #[error("seq is no number")]
    Seq,
    #[error("time is no time")]
    Time,
    #[error("an unknown kind")]
    Kind,
    #[error("id is no text")]
    Id,
    /// The members do not fit the event's kind.
    #[error(transparent)]
    Body(#[from] BrokenEvent),
}

/// An event parsed from a line of JSON, whose body is not decoded yet.
#[derive(Clone, Debug)]
pub struct Line {
    seq: u64,
    time: Timestamp,
    kind: Kind,
    id: String,
    body: String,
}

impl Line {
    /// Parses a line in the format of [`Record::line`].
    pub fn parse(line: &str) -> Result<Line, LineError> {
        let mut event: Map<String, Value> = serde_json::from_str(line)?;
        let mut take = |key: &'static str| event.shift_remove(key).ok_or(LineError::Missing(key));
        let seq = take("seq")?.as_u64().ok_or(LineError::Seq)?;
        let time = take("time")?;
        let time = time.as_str().and_then(|text| text.parse().ok());
        let named = take("kind")?;
        let named = named.as_str().and_then(kind::named);
        let Value::String(id) = take("id")? else {
            return Err(LineError::Id);
        };
        Ok(Line {
            seq,
            time: time.ok_or(LineError::Time)?,
            kind: named.ok_or(LineError::Kind)?,
            id,
            body: Value::Object(event).to_string(),
        })
    }

    /// Decodes the event; an error where its members do not fit its kind.
    pub fn record(&self) -> Result<Record<'_>, BrokenEvent> {
        let entry = Entry {
            seq: self.seq,
            time: self.time,
            kind: self.kind,
            id: Id::of(&self.id),
            body: Body::Json(self.body.as_bytes()),
        };
        entry.decode()
    }
}
