//! An event with its place in the store: its number, its time and the id of what it is about.

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::kinds::{Event, LabelEvent, PredictionEvent};
use super::shape::Shape;
use super::{binary, json};
use crate::clock;
use crate::schema::column::Label;
use crate::store::kind::{self, Kind};
use crate::store::layout::{self, Key};

/// What an event is about. An id that is a UUID as the platform writes it is sixteen bytes; a text is never one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Id<'a> {
    /// A UUID.
    Uuid(Uuid),
    /// Any other: one that a caller gave, or the name of a model.
    Text(&'a str),
}

impl<'a> Id<'a> {
    /// The id that is written like this.
    pub fn of(text: &'a str) -> Id<'a> {
        layout::uuid_of(text).map_or(Id::Text(text), Id::Uuid)
    }

    /// The key by which indices have it.
    pub fn key(self) -> Key {
        match self {
            Id::Uuid(uuid) => Key::uuid(uuid),
            Id::Text(text) => layout::key(text),
        }
    }
}

impl fmt::Display for Id<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Id::Uuid(uuid) => uuid.as_hyphenated().fmt(f),
            Id::Text(text) => f.write_str(text),
        }
    }
}

/// An event, borrowed from where it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Record<'a> {
    /// Its number.
    pub seq: u64,
    /// When it happened.
    pub time: Timestamp,
    /// What it is about.
    pub id: Id<'a>,
    /// What happened.
    pub event: Event<'a>,
    /// The JSON it was stored as, where it was.
    json: Option<&'a str>,
}

/// An event that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} cannot be read")]
pub struct BrokenEvent {
    /// The event's number.
    pub seq: u64,
}

/// The bytes of an event, not yet looked into.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// Its number.
    pub seq: u64,
    /// When it happened.
    pub time: Timestamp,
    /// Of which kind it is.
    pub kind: Kind,
    /// What it is about.
    pub id: Id<'a>,
    /// What it says.
    pub body: Body<'a>,
}

/// What an event says, as bytes.
#[derive(Clone, Debug)]
pub enum Body<'a> {
    /// A JSON object.
    Json(&'a [u8]),
    /// As [`binary`] has it.
    Binary(Option<std::sync::Arc<Shape>>, &'a [u8]),
}

impl<'a> Entry<'a> {
    /// The event.
    ///
    /// # Errors
    /// When the bytes are not those of one.
    pub fn decode(self) -> Result<Record<'a>, BrokenEvent> {
        let Entry {
            seq,
            time,
            kind,
            id,
            body,
        } = self;
        let (event, json) = match body {
            Body::Binary(shape, bytes) => (binary::decode(kind, shape.as_deref(), bytes), None),
            Body::Json(bytes) => {
                let json = std::str::from_utf8(bytes).ok();
                let is_object = |json: &&str| json.starts_with('{');
                let json = json.filter(is_object).ok_or(BrokenEvent { seq })?;
                (json::read(kind, json).ok(), Some(json))
            }
        };
        Ok(Record {
            seq,
            time,
            id,
            event: event.ok_or(BrokenEvent { seq })?,
            json,
        })
    }
}

impl<'a> Record<'a> {
    /// Of which kind it is.
    pub fn kind(&self) -> Kind {
        self.event.kind()
    }

    /// The prediction, if it is one.
    pub fn prediction(&self) -> Option<&PredictionEvent<'a>> {
        match &self.event {
            Event::Prediction(prediction) => Some(prediction),
            _ => None,
        }
    }

    /// The label that came, if this is one.
    pub fn label(&self) -> Option<&LabelEvent<'a>> {
        match &self.event {
            Event::Label(label) => Some(label),
            _ => None,
        }
    }

    /// The label that a row brought, if this is one with a label.
    pub fn own_label(&self) -> Option<&Label> {
        match &self.event {
            Event::Row(row) => row.label.as_deref(),
            _ => None,
        }
    }

    /// What it says beside its number, time, kind and id, as a JSON object.
    pub fn json(&self) -> String {
        if let Some(json) = self.json {
            return json.to_owned();
        }
        let mut out = Vec::with_capacity(256);
        json::write(&self.event, &mut out);
        String::from_utf8(out).expect("JSON is text")
    }

    /// The event as one line of JSON, as exports and `/v1/events` have it.
    pub fn line(&self) -> String {
        let (seq, kind) = (self.seq, kind::name(self.kind()));
        let time = clock::rfc3339(self.time);
        let id = Value::from(self.id.to_string());
        let body = self.json();
        let rest = body.strip_prefix('{').unwrap_or("}");
        let comma = if rest == "}" { "" } else { "," };
        format!(r#"{{"seq":{seq},"time":"{time}","kind":"{kind}","id":{id}{comma}{rest}"#)
    }
}
