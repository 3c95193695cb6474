//! The binary form of predictions, rows and labels.
//!
//! * Prediction: `flags: u8 · label · probability: f64 · [own id] · [warnings: text] · [batch: three numbers] ·
//!   values of the row`
//! * Row: `flags: u8 · [label] · [digest: 16 bytes] · values of the row`
//! * Label: `flags: u8 · label · [own id] · [conflict]`
//!
//! Parts in brackets are present where their flag is set; values have the format of [`super::row`]. The model, the transport
//! and the names of the values are in the event's [`Shape`].

use std::borrow::Cow;

use super::bytes::{Reader, put_text, put_varint};
use super::kinds::{Batch, Event, Identity, LabelEvent, PredictionEvent, RowEvent};
use super::row::{self, StoredRow};
use super::shape::Shape;
use crate::schema::{Scalar, own_id};
use crate::store::kind::Kind;

mod prediction {
    pub const AWAITED: u8 = 1;
    pub const OWN_ID: u8 = 2;
    pub const WARNINGS: u8 = 4;
    pub const BATCH: u8 = 8;
}

mod stored {
    pub const LABEL: u8 = 1;
    pub const IDENTITY: u8 = 2;
    pub const OWN_ID: u8 = 4;
}

mod label {
    pub const CORRECT: u8 = 1;
    pub const OWN_ID: u8 = 2;
    pub const CONFLICT: u8 = 4;
}

/// The data that an event can share with others of its block; none for kinds that share nothing.
pub fn shape(event: &Event<'_>) -> Option<Shape> {
    match event {
        Event::Prediction(event) => Some(Shape {
            model: event.model.clone(),
            transport: event.transport,
            names: event.row.names().clone(),
        }),
        Event::Row(event) => Some(Shape {
            model: Default::default(),
            transport: event.transport,
            names: event.row.names().clone(),
        }),
        Event::Label(_) | Event::LabelExpired(_) | Event::Document(..) => None,
    }
}

/// Appends the contents of an event, without its shape.
pub fn encode(event: &Event<'_>, out: &mut Vec<u8>) {
    match event {
        Event::Prediction(event) => put_prediction(event, out),
        Event::Row(event) => put_row(event, out),
        Event::Label(event) | Event::LabelExpired(event) => put_label(event, out),
        Event::Document(_, json) => out.extend_from_slice(json.as_bytes()),
    }
}

/// Decodes the contents of an event; none where the bytes are invalid.
pub fn decode<'a>(kind: Kind, shape: Option<&Shape>, bytes: &'a [u8]) -> Option<Event<'a>> {
    let mut reader = Reader(bytes);
    let event = match (kind, shape) {
        (Kind::Prediction, Some(shape)) => Event::Prediction(take_prediction(shape, reader)?),
        (Kind::Row, Some(shape)) => Event::Row(take_row(shape, reader)?),
        (Kind::Label, None) => Event::Label(take_label(&mut reader)?),
        (Kind::LabelExpired, None) => Event::LabelExpired(take_label(&mut reader)?),
        _ => return None,
    };
    Some(event)
}

fn flags(all: &[(bool, u8)]) -> u8 {
    let set = all.iter().filter(|(is_set, _)| *is_set);
    set.fold(0, |flags, (_, flag)| flags | flag)
}

fn put_prediction(event: &PredictionEvent<'_>, out: &mut Vec<u8>) {
    out.push(flags(&[
        (event.awaited, prediction::AWAITED),
        (event.own_id.is_some(), prediction::OWN_ID),
        (event.warnings.is_some(), prediction::WARNINGS),
        (event.batch.is_some(), prediction::BATCH),
    ]));
    row::put(&event.label.scalar(), out);
    out.extend_from_slice(&event.probability.to_le_bytes());
    if let Some(own_id) = &event.own_id {
        row::put(&own_id::scalar(own_id), out);
    }
    if let Some(warnings) = &event.warnings {
        put_text(warnings, out);
    }
    if let Some(batch) = &event.batch {
        put_varint(batch.id.into(), out);
        put_varint(batch.row, out);
        put_varint(batch.rows, out);
    }
    out.extend_from_slice(event.row.cells());
}

fn take_prediction<'a>(shape: &Shape, mut reader: Reader<'a>) -> Option<PredictionEvent<'a>> {
    let flags = reader.byte()?;
    let has = |flag: u8| flags & flag != 0;
    let label = Cow::Owned(row::take_label(&mut reader)?);
    let probability = reader.finite()?;
    let own_id = match has(prediction::OWN_ID) {
        true => Some(take_own_id(&mut reader)?),
        false => None,
    };
    let warnings = match has(prediction::WARNINGS) {
        true => Some(reader.text()?.into()),
        false => None,
    };
    let batch = match has(prediction::BATCH) {
        true => Some(Batch {
            id: reader.varint()?.try_into().ok()?,
            row: reader.varint()?,
            rows: reader.varint()?,
        }),
        false => None,
    };
    Some(PredictionEvent {
        label,
        probability,
        model: shape.model.clone(),
        transport: shape.transport,
        row: StoredRow::decode(&shape.names, reader.0)?,
        own_id,
        warnings,
        batch,
        awaited: has(prediction::AWAITED),
    })
}

fn take_own_id<'a>(reader: &mut Reader<'a>) -> Option<Cow<'a, str>> {
    match row::take(reader)? {
        Scalar::Text(text) => Some(text),
        Scalar::Whole(number) => Some(number.to_string().into()),
        _ => None,
    }
}

fn put_row(event: &RowEvent<'_>, out: &mut Vec<u8>) {
    let has_own_id = event.identity.is_some_and(|identity| identity.has_own_id);
    out.push(flags(&[
        (event.label.is_some(), stored::LABEL),
        (event.identity.is_some(), stored::IDENTITY),
        (has_own_id, stored::OWN_ID),
    ]));
    if let Some(label) = &event.label {
        row::put(&label.scalar(), out);
    }
    if let Some(identity) = &event.identity {
        out.extend_from_slice(&identity.digest);
    }
    out.extend_from_slice(event.row.cells());
}

fn take_row<'a>(shape: &Shape, mut reader: Reader<'a>) -> Option<RowEvent<'a>> {
    let flags = reader.byte()?;
    let has = |flag: u8| flags & flag != 0;
    let label = match has(stored::LABEL) {
        true => Some(Cow::Owned(row::take_label(&mut reader)?)),
        false => None,
    };
    let identity = match has(stored::IDENTITY) {
        true => Some(Identity {
            has_own_id: has(stored::OWN_ID),
            digest: reader.array()?,
        }),
        false => None,
    };
    Some(RowEvent {
        row: StoredRow::decode(&shape.names, reader.0)?,
        label,
        transport: shape.transport,
        identity,
    })
}

fn put_label(event: &LabelEvent<'_>, out: &mut Vec<u8>) {
    out.push(flags(&[
        (event.correct, label::CORRECT),
        (event.own_id.is_some(), label::OWN_ID),
        (event.conflict.is_some(), label::CONFLICT),
    ]));
    row::put(&event.label.scalar(), out);
    if let Some(own_id) = &event.own_id {
        row::put(&own_id::scalar(own_id), out);
    }
    if let Some(conflict) = &event.conflict {
        row::put(&conflict.scalar(), out);
    }
}

fn take_label<'a>(reader: &mut Reader<'a>) -> Option<LabelEvent<'a>> {
    let flags = reader.byte()?;
    let has = |flag: u8| flags & flag != 0;
    let label = Cow::Owned(row::take_label(reader)?);
    let own_id = match has(label::OWN_ID) {
        true => Some(take_own_id(reader)?),
        false => None,
    };
    let conflict = match has(label::CONFLICT) {
        true => Some(Cow::Owned(row::take_label(reader)?)),
        false => None,
    };
    reader.is_empty().then_some(LabelEvent {
        label,
        correct: has(label::CORRECT),
        own_id,
        conflict,
    })
}
