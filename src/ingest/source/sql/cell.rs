//! A database value and its conversion to a cell of a row.

use std::borrow::Cow;

use crate::schema::NumberForm;
use crate::schema::column::{Kind, Label};
use crate::schema::fault::{Fault, Problem};
use crate::schema::row::Value;
use crate::schema::{Row, Schema, Slot, text};

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found<'r> {
    Missing,
    Whole(i64),
    Number(f64),
    Flag(bool),
    Text(Cow<'r, str>),
}

impl Found<'_> {
    /// The value as a text file would have it; `None` if it is missing.
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

/// Puts a value into the row. Databases have loose and differing types, so the schema decides: digits in a text column are
/// read as a number, a numeric id becomes its digits, and 0 and 1 become false and true for boolean levels.
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

/// Whether the column is a category with a boolean level.
fn has_flags(kind: Option<&Kind>) -> bool {
    let is_flag = |level: &Label| matches!(level, Label::Flag(_));
    matches!(kind, Some(Kind::Category { levels }) if levels.scalars().iter().any(is_flag))
}

/// The fault of a value whose database type is not supported.
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
