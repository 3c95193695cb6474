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

/// Admits a value. Databases are typed loosely and in their own ways: digits in a text column are a number, an id is its
/// digits, 0 and 1 are false and true.
pub(super) fn put(
    schema: &Schema,
    slot: Slot,
    found: &Found<'_>,
    form: &NumberForm,
    row: &mut Row,
) {
    let kind = match slot {
        Slot::Column(i) => Some(&schema.columns()[i].kind),
        _ => None,
    };
    let text = matches!(kind, Some(Kind::Text)) || slot == Slot::Id;
    let value = match found {
        Found::Missing => Value::Missing,
        Found::Number(v) if v.is_nan() => Value::Missing,
        Found::Text(words) => {
            return text::put(schema, slot, words, form, row);
        }
        Found::Whole(v @ (0 | 1)) if has_flags(kind) => Value::Flag(*v == 1),
        Found::Whole(v) if !text && (v.unsigned_abs() < 1 << 53 || schema.is_number(slot)) => {
            Value::Number(*v as f64)
        }
        Found::Number(v) if !text => Value::Number(*v),
        Found::Flag(v) if !text => Value::Flag(*v),
        found => {
            let digits = found.text().unwrap_or_default();
            return row.put(schema, slot, Value::Text(&digits));
        }
    };
    row.put(schema, slot, value);
}

/// Whether false or true is a level.
fn has_flags(kind: Option<&Kind>) -> bool {
    let is_flag = |level: &Label| matches!(level, Label::Flag(_));
    matches!(kind, Some(Kind::Category { levels }) if levels.scalars().iter().any(is_flag))
}

/// The fault of a value that is of no type a table has.
pub(super) fn unreadable(schema: &Schema, slot: Slot, why: String) -> Fault {
    Fault {
        column: schema.name(slot).to_owned(),
        problem: Problem::WrongType,
        got: why,
        typed: false,
        allowed: "a number, a text or a boolean".into(),
        remedy: "cast it in the query".into(),
    }
}
