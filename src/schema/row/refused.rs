//! Values that a row did not admit, as they came: with them a row that was put aside can be tried again under another spec.

use super::{Row, Value};
use crate::schema::cell::Cell;
use crate::schema::column::Schema;
use crate::schema::fault::Problem;
use crate::schema::json::write;

/// Longest row that is kept to be tried again, in bytes.
const LONGEST: usize = 64 << 10;

/// Values by their columns, each as JSON; none where it is no value that a row can have, whatever the spec.
#[derive(Clone, Debug, Default)]
pub(super) struct Refused(Vec<(String, Option<String>)>);

impl Refused {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn add(&mut self, column: &str, json: Option<String>) {
        self.0.push((column.to_owned(), json));
    }
}

/// A value as JSON; none of a list, an object, or a number that JSON does not have.
pub(super) fn json(value: Value<'_>) -> Option<String> {
    match value {
        Value::Missing => Some("null".into()),
        Value::Number(v) if v.is_finite() => serde_json::to_string(&v).ok(),
        Value::Flag(v) => Some(v.to_string()),
        Value::Text(text) => serde_json::to_string(text).ok(),
        Value::Number(_) | Value::Nested(_) => None,
    }
}

impl Row {
    /// The row as it came, as a JSON object of all its values, those included that it did not admit. None where one of them
    /// cannot be told, or the whole would be longer than 64 KiB.
    pub fn as_it_came(&self, schema: &Schema) -> Option<String> {
        let mut members = Vec::new();
        if let (Some(column), Some(id)) = (schema.id(), self.id_text()) {
            members.push(write::id_member(column, &id));
        }
        if let Some(positive) = self.target {
            let target = schema.target();
            let label = serde_json::to_string(target.label(positive)).ok()?;
            members.push(write::member(&target.column, &label));
        }
        for (column, json) in &self.refused.0 {
            members.push(write::member(column, json.as_deref()?));
        }
        let is_kept = |fault: &&crate::schema::Fault| {
            let admitted = |(column, cell): (&crate::schema::Column, &Cell)| {
                column.name == fault.column && !cell.is_missing()
            };
            fault.problem == Problem::Missing
                || self
                    .refused
                    .0
                    .iter()
                    .any(|(column, _)| *column == fault.column)
                || schema.columns().iter().zip(&self.cells).any(admitted)
        };
        if !self.faults.iter().all(|fault| is_kept(&fault)) {
            return None;
        }
        let mut text = Vec::with_capacity(256);
        write::object(schema, self.view(), &mut text);
        let admitted = String::from_utf8(text).ok()?;
        let admitted = &admitted[1..admitted.len() - 1];
        if !admitted.is_empty() {
            members.push(admitted.to_owned());
        }
        let whole = format!("{{{}}}", members.join(","));
        (whole.len() <= LONGEST).then_some(whole)
    }
}
