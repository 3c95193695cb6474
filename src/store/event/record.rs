//! An event together with its sequence number, its time and the id of the prediction, row or model it is about.

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

/// The id of the prediction, row, model or alert that an event is about. A UUID in the platform's spelling is
/// always the variant `Uuid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Id<'a> {
    Uuid(Uuid),
    /// Any other id: one that a client chose, or the name of a model.
    Text(&'a str),
}

impl<'a> Id<'a> {
    pub fn of(text: &'a str) -> Id<'a> {
        layout::uuid_of(text).map_or(Id::Text(text), Id::Uuid)
    }

    /// The key of this id in the indices.
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

/// An event, borrowed from the block or line it was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Record<'a> {
    pub seq: u64,
    pub time: Timestamp,
    /// Id of the prediction, row, model or alert it is about.
    pub id: Id<'a>,
    pub event: Event<'a>,
    /// The JSON text of the event, if it was stored as JSON.
    json: Option<&'a str>,
}

/// An event whose bytes cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} cannot be read")]
pub struct BrokenEvent {
    pub seq: u64,
}

/// An event whose body is not decoded yet.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    pub seq: u64,
    pub time: Timestamp,
    pub kind: Kind,
    /// Id of the prediction, row, model or alert it is about.
    pub id: Id<'a>,
    pub body: Body<'a>,
}

/// The encoded contents of an event.
#[derive(Clone, Debug)]
pub enum Body<'a> {
    Json(&'a [u8]),
    /// The bytes that [`binary`] encodes, with the shape if the kind has one.
    Binary(Option<std::sync::Arc<Shape>>, &'a [u8]),
}

impl<'a> Entry<'a> {
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
    /// An event that is not stored yet.
    pub fn of(time: Timestamp, id: Id<'a>, event: Event<'a>) -> Record<'a> {
        Record {
            seq: 0,
            time,
            id,
            event,
            json: None,
        }
    }

    pub fn kind(&self) -> Kind {
        self.event.kind()
    }

    /// The prediction, if the event is one.
    pub fn prediction(&self) -> Option<&PredictionEvent<'a>> {
        match &self.event {
            Event::Prediction(prediction) => Some(prediction),
            _ => None,
        }
    }

    /// The label, if the event is a label that was stored.
    pub fn label(&self) -> Option<&LabelEvent<'a>> {
        match &self.event {
            Event::Label(label) => Some(label),
            _ => None,
        }
    }

    /// The label that a row carried, if the event is a labelled row.
    pub fn own_label(&self) -> Option<&Label> {
        match &self.event {
            Event::Row(row) => row.label.as_deref(),
            _ => None,
        }
    }

    /// The contents of the event as a JSON object, without sequence number, time, kind and id.
    pub fn json(&self) -> String {
        if let Some(json) = self.json {
            return json.to_owned();
        }
        let mut out = Vec::with_capacity(256);
        json::write(&self.event, &mut out);
        String::from_utf8(out).expect("JSON is text")
    }

    /// The event as one line of JSON, as in exports and `/v1/events`.
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
