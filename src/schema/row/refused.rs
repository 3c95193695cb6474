//! Values that a row did not admit, as they came: with them a row that was put aside can be tried again under another spec.

use crate::schema::value::Value;

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

    pub(super) fn values(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0
            .iter()
            .map(|(column, json)| (column.as_str(), json.as_deref()))
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
