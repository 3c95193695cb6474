//! Messages for rejected values: the reason and the remedy.

use crate::schema::column::{Column, Kind, Schema};
use crate::schema::fault::{Fault, Problem, excerpt, nearest};
use crate::schema::value::Value;

/// The fault of a column that `schema` does not have.
pub fn unknown_column(schema: &Schema, name: &str, value: &str) -> Fault {
    let remedy = match nearest(name, schema.names()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => "leave the column out".into(),
    };
    Fault {
        column: name.to_owned(),
        problem: Problem::UnknownColumn,
        got: excerpt(value),
        typed: false,
        allowed: schema.names().collect::<Vec<_>>().join(", "),
        remedy,
    }
}

pub(super) fn wrong_type_remedy(column: &Column, value: Value<'_>) -> String {
    match (&column.kind, value) {
        (Kind::Number { .. }, Value::Text(t))
            if t.trim().parse::<f64>().is_ok_and(f64::is_finite) =>
        {
            format!("write {} without quotes", t.trim())
        }
        (Kind::Text, Value::Number(v)) => format!("write \"{v}\" in quotes"),
        (Kind::Date(_), _) => "leave the value out where the date is not known".into(),
        _ => String::new(),
    }
}

/// The two labels of the target, for messages.
pub fn allowed_labels(schema: &Schema) -> String {
    let target = schema.target();
    format!("{} or {}", target.negative, target.positive)
}
