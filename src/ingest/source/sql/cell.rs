//! What a database has in a cell, and how it gets into a row.

use std::borrow::Cow;

use crate::schema::NumberForm;
use crate::schema::column::{Kind, Label};
use crate::schema::fault::{Fault, Problem};
use crate::schema::row::Value;
use crate::schema::{Row, Schema, Slot, text};

/// A value of a database.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found<'r> {
    Missing,
    Whole(i64),
    Number(f64),
    Flag(bool),
    Text(Cow<'r, str>),
}

impl Found<'_> {
    /// As it would stand in a file of text.
    pub(super) fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            Found::Missing => None,
            Found::Whole(v) => Some(v.to_string().into()),
            Found::Number(v) => Some(v.to_string().into()),
            Found::Flag(v) => Some(v.to_string().into()),
            Found::Text(text) => Some(text.as_ref().into()),
        }
    }
}

/// Admits a value. Databases are typed loosely and in their own ways: digits in a text column are a number, a number is a
/// level or an id by its digits, 0 and 1 are the labels false and true.
pub(super) fn put(schema: &Schema, slot: Slot, found: &Found<'_>, row: &mut Row) {
    let number =
        matches!(slot, Slot::Column(i) if matches!(schema.columns()[i].kind, Kind::Number { .. }));
    match found {
        Found::Missing => row.put(schema, slot, Value::Missing),
        Found::Number(v) if v.is_nan() => row.put(schema, slot, Value::Missing),
        Found::Text(digits) if number => {
            text::put(schema, slot, digits, &NumberForm::default(), row)
        }
        Found::Whole(v) if number => row.put(schema, slot, Value::Number(*v as f64)),
        Found::Number(v) if number => row.put(schema, slot, Value::Number(*v)),
        Found::Flag(v) if number => row.put(schema, slot, Value::Flag(*v)),
        found if slot == Slot::Target => row.put(schema, slot, label(schema, found)),
        found => {
            let text = found.text().unwrap_or_default();
            row.put(schema, slot, Value::Text(&text));
        }
    }
}

/// A target's value in the type its labels have.
fn label<'f>(schema: &Schema, found: &'f Found<'_>) -> Value<'f> {
    match (&schema.target().positive, found) {
        (Label::Flag(_), Found::Whole(v @ (0 | 1))) => Value::Flag(*v == 1),
        (Label::Integer(_), Found::Flag(v)) => Value::Number(f64::from(u8::from(*v))),
        (_, Found::Whole(v)) => Value::Number(*v as f64),
        (_, Found::Number(v)) => Value::Number(*v),
        (_, Found::Flag(v)) => Value::Flag(*v),
        (_, Found::Text(text)) => Value::Text(text),
        (_, Found::Missing) => Value::Missing,
    }
}

/// The fault of a value that is of no type a table has.
pub(super) fn unreadable(schema: &Schema, slot: Slot, why: String) -> Fault {
    Fault {
        column: schema.name(slot).to_owned(),
        problem: Problem::WrongType,
        got: why,
        allowed: "a number, a text or a boolean".into(),
        remedy: "cast it in the query".into(),
    }
}
