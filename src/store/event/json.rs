//! The JSON form of events: in exports and `/v1/events`, and in stores of revision 4 and earlier.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::kinds::{Batch, Event, LabelEvent, PredictionEvent, RowEvent};
use super::row::StoredRow;
use crate::schema::column::Label;
use crate::schema::own_id;
use crate::store::kind::Kind;
use crate::telemetry::metrics::Transport;

/// Appends the contents of an event as a JSON object.
pub fn write(event: &Event<'_>, out: &mut Vec<u8>) {
    let mut object = Object {
        out,
        is_empty: true,
    };
    match event {
        Event::Prediction(event) => write_prediction(event, &mut object),
        Event::Row(event) => write_row(event, &mut object),
        Event::Label(event) | Event::LabelExpired(event) => write_label(event, &mut object),
        Event::Document(_, json) => return object.out.extend_from_slice(json.as_bytes()),
    }
    object.end();
}

/// A JSON object under construction.
struct Object<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

impl Object<'_> {
    /// Appends a member's name and returns the buffer, to which the caller appends the value.
    fn name(&mut self, name: &str) -> &mut Vec<u8> {
        self.out.push(if self.is_empty { b'{' } else { b',' });
        self.is_empty = false;
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) {
        let out = self.name(name);
        serde_json::to_writer(out, value).expect("a Vec takes every byte");
    }

    fn end(self) {
        if self.is_empty {
            self.out.push(b'{');
        }
        self.out.push(b'}');
    }
}

fn write_prediction(event: &PredictionEvent<'_>, object: &mut Object<'_>) {
    object.member("label", &*event.label);
    object.member("probability", &event.probability);
    object.member("model", &*event.model);
    event.row.write_json(object.name("row"));
    if let Some(own_id) = &event.own_id {
        object.member("key", &own_id::scalar(own_id));
    }
    if let Some(transport) = &event.transport {
        object.member("transport", transport);
    }
    if let Some(warnings) = &event.warnings {
        object
            .name("warnings")
            .extend_from_slice(warnings.as_bytes());
    }
    if let Some(batch) = &event.batch {
        object.member("batch", batch);
    }
    if event.awaited {
        object.member("awaited", &true);
    }
}

fn write_row(event: &RowEvent<'_>, object: &mut Object<'_>) {
    event.row.write_json(object.name("row"));
    if let Some(label) = &event.label {
        object.member("label", &**label);
    }
    if let Some(transport) = &event.transport {
        object.member("transport", transport);
    }
}

fn write_label(event: &LabelEvent<'_>, object: &mut Object<'_>) {
    object.member("label", &*event.label);
    object.member("correct", &event.correct);
    if let Some(own_id) = &event.own_id {
        object.member("key", &own_id::scalar(own_id));
    }
    if let Some(conflict) = &event.conflict {
        object.member("conflict", &**conflict);
    }
}

/// Parses the contents of an event from a JSON object; an error where it is not one of this kind.
pub fn read(kind: Kind, json: &str) -> Result<Event<'_>, serde_json::Error> {
    Ok(match kind {
        Kind::Prediction => Event::Prediction(serde_json::from_str::<Prediction<'_>>(json)?.into()),
        Kind::Row => Event::Row(serde_json::from_str::<Row>(json)?.into()),
        Kind::Label => Event::Label(serde_json::from_str::<GivenLabel>(json)?.into()),
        Kind::LabelExpired => Event::LabelExpired(serde_json::from_str::<GivenLabel>(json)?.into()),
        Kind::Quarantine | Kind::Verdict | Kind::Alert | Kind::Model => {
            serde_json::from_str::<Whole>(json)?;
            Event::Document(kind, json)
        }
    })
}

/// Any JSON object, whatever its members.
#[derive(Deserialize)]
struct Whole {}

#[derive(Deserialize)]
struct Prediction<'a> {
    label: Label,
    probability: f64,
    #[serde(borrow)]
    model: Cow<'a, str>,
    row: StoredRow<'static>,
    key: Option<OwnId>,
    transport: Option<Transport>,
    #[serde(borrow)]
    warnings: Option<&'a RawValue>,
    batch: Option<Batch>,
    #[serde(default)]
    awaited: bool,
}

#[derive(Deserialize)]
struct Row {
    row: StoredRow<'static>,
    label: Option<Label>,
    transport: Option<Transport>,
}

#[derive(Deserialize)]
struct GivenLabel {
    label: Label,
    #[serde(default)]
    correct: bool,
    key: Option<OwnId>,
    conflict: Option<Label>,
}

/// A row's own id: a text, or a whole number.
#[derive(Deserialize)]
#[serde(untagged)]
enum OwnId {
    Whole(i64),
    Text(String),
}

impl From<OwnId> for Cow<'_, str> {
    fn from(own_id: OwnId) -> Self {
        Cow::Owned(match own_id {
            OwnId::Whole(number) => number.to_string(),
            OwnId::Text(text) => text,
        })
    }
}

impl<'a> From<Prediction<'a>> for PredictionEvent<'a> {
    fn from(read: Prediction<'a>) -> Self {
        PredictionEvent {
            label: Cow::Owned(read.label),
            probability: read.probability,
            model: (&*read.model).into(),
            transport: read.transport,
            row: read.row,
            own_id: read.key.map(Into::into),
            warnings: read.warnings.map(|json| json.get().into()),
            batch: read.batch,
            awaited: read.awaited,
        }
    }
}

impl From<Row> for RowEvent<'_> {
    fn from(read: Row) -> Self {
        RowEvent {
            row: read.row,
            label: read.label.map(Cow::Owned),
            transport: read.transport,
            identity: None,
        }
    }
}

impl From<GivenLabel> for LabelEvent<'_> {
    fn from(read: GivenLabel) -> Self {
        LabelEvent {
            label: Cow::Owned(read.label),
            correct: read.correct,
            own_id: read.key.map(Into::into),
            conflict: read.conflict.map(Cow::Owned),
        }
    }
}
