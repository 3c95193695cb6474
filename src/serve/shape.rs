//! Detects bodies that are a JSON object but not a row, such as the table layouts that other programs write.

use serde_json::{Map, Value};

use super::problem::{Entry, Problem, kind};
use crate::schema::{Row, Schema};

/// The accepted layouts, as shown in the fault.
const ALLOWED: &str = "an object like {\"column\": value}, or a list of such objects";

/// The problem of a body that holds a table in another layout. `None` if the body is a row, valid or invalid, which is an
/// object in which at least one column of the schema has a scalar value.
pub fn other_than_a_row(body: &[u8], row: &Row, schema: &Schema) -> Option<Problem> {
    let empty = row.view().cells.iter().all(|cell| cell.is_missing());
    if row.faults.is_empty() && !empty {
        return None;
    }
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
        return None;
    };
    let is_plain = |value: &Value| !value.is_array() && !value.is_object();
    let is_known = |name: &str| schema.slot(name).is_some();
    if object
        .iter()
        .any(|(name, value)| is_known(name) && is_plain(value))
    {
        return None;
    }
    let (path, problem, remedy) = shape(&object, is_known)?;
    let entry = Entry::new(path, "not_a_row", Value::Null, ALLOWED, &*remedy);
    Some(Problem::new(&kind::INVALID, format!("{problem}; {remedy}")).with(vec![entry]))
}

/// Recognises the layout of an object: the JSON pointer to the rows, a description of the layout, and the remedy.
fn shape(
    object: &Map<String, Value>,
    is_known: impl Fn(&str) -> bool,
) -> Option<(String, String, String)> {
    const RECORDS: &str =
        "send a list of objects, one a row; pandas writes it with df.to_json(orient=\"records\")";
    let columns = |what: &str| Some((String::new(), what.to_owned(), RECORDS.to_owned()));
    let lists = || object.values().all(Value::is_array);
    let holds_rows = |value: &Value| match value {
        Value::Array(list) => !list.is_empty() && list.iter().all(Value::is_object),
        _ => false,
    };
    let is_split = |object: &Map<String, Value>| {
        object.contains_key("columns") && object.get("data").is_some_and(|data| !holds_rows(data))
    };
    if is_split(object) || object.values().filter_map(Value::as_object).any(is_split) {
        return columns("the body holds names and values apart (orient=\"split\")");
    }
    let unknown = || object.iter().filter(|(name, _)| !is_known(name));
    if let Some((name, _)) = unknown().find(|(_, value)| holds_rows(value)) {
        let path = format!("/{}", super::problem::escape(name));
        let problem = format!("the body is not a row: its rows stand in {name:?}");
        return Some((path, problem, "send the list alone, as the body".to_owned()));
    }
    if let Some((name, _)) = unknown().find(|(_, value)| of_lists(value)) {
        return columns(&format!(
            "the body holds lists of values without names, in {name:?}"
        ));
    }
    if let Some((name, value)) = unknown().find(|(_, value)| value.is_object())
        && object.len() == 1
        && value
            .as_object()
            .is_some_and(|inner| inner.keys().any(|key| is_known(key)))
        && value
            .as_object()
            .is_some_and(|inner| !inner.values().any(Value::is_object))
    {
        let path = format!("/{}", super::problem::escape(name));
        let problem = format!("the body is not a row: an object stands in {name:?}");
        return Some((
            path,
            problem,
            "send that object alone, as the body".to_owned(),
        ));
    }
    let has_known = object.keys().any(|name| is_known(name));
    match object.values().all(Value::is_object) && !object.is_empty() {
        true if has_known => {
            columns("the body holds columns, each an object by index (orient=\"columns\")")
        }
        true => columns("the body holds rows by index (orient=\"index\")"),
        false if lists() && has_known => {
            columns("the body holds columns, each a list (orient=\"list\")")
        }
        false => None,
    }
}

/// Whether the value is a non-empty list of lists.
fn of_lists(value: &Value) -> bool {
    match value {
        Value::Array(list) => !list.is_empty() && list.iter().all(Value::is_array),
        _ => false,
    }
}
