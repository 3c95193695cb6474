//! The rejected values of a row, unchanged, so that a quarantined row can be checked again under another spec.

use crate::schema::value::Value;

/// Column names with the rejected value as JSON; `None` for a value that no spec could accept.
#[derive(Clone, Debug, Default)]
pub(super) struct Refused(Vec<(String, Option<String>)>);

impl Refused {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn add(&mut self, column: &str, json: Option<String>) {
        self.0.push((column.to_owned(), json));
    }

    pub(super) fn values(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0
            .iter()
            .map(|(column, json)| (column.as_str(), json.as_deref()))
    }
}

/// A value as JSON; `None` for a list, an object, or a number that JSON does not have.
pub(super) fn json(value: Value<'_>) -> Option<String> {
    match value {
        Value::Missing => Some("null".into()),
        Value::Number(v) if v.is_finite() => serde_json::to_string(&v).ok(),
        Value::Flag(v) => Some(v.to_string()),
        Value::Text(text) => serde_json::to_string(text).ok(),
        Value::Number(_) | Value::Nested(_) => None,
    }
}
