//! Recognises the shapes in which other programs write a table as JSON, in addition to a list of rows.

use indexmap::IndexMap;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::schema::Schema;
use crate::schema::fault::excerpt;

/// The shape of a document.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A row, a list of rows, or an unknown shape, which reading the rows will reject.
    Rows,
    Lines,
    /// Another shape that holds a table: its description, with advice.
    Other(String),
}

/// Maximum depth at which fields are searched for a list of rows.
const DEEPEST: usize = 3;

type Object<'a> = IndexMap<String, &'a RawValue>;

impl Shape {
    pub(super) fn of(document: &[u8], schema: &Schema) -> Shape {
        match first(document) {
            Some(b'{') => of_object(document, schema),
            Some(b'[') if first(&document.trim_ascii_start()[1..]) == Some(b'[') => Shape::Other(
                "its rows are lists without names; a row is an object like {\"column\": value} (pandas: df.to_json(path, \
                 orient=\"records\"))"
                    .into(),
            ),
            _ => Shape::Rows,
        }
    }
}

fn first(text: &[u8]) -> Option<u8> {
    text.trim_ascii_start().first().copied()
}

fn of_object(document: &[u8], schema: &Schema) -> Shape {
    let mut documents = serde_json::Deserializer::from_slice(document).into_iter::<IgnoredAny>();
    if !matches!(documents.next(), Some(Ok(_))) {
        return Shape::Rows; // what is wrong with it is found where it is read
    }
    let (object, rest) = document.split_at(documents.byte_offset());
    if first(rest) == Some(b'{') {
        return match object.trim_ascii_start().contains(&b'\n') {
            false => Shape::Lines,
            true => Shape::Other(
                "it has several objects one after the other; write them as a list, or each on a line of its own (.jsonl)"
                    .into(),
            ),
        };
    }
    let Ok(object) = serde_json::from_slice::<Object<'_>>(object) else {
        return Shape::Rows;
    };
    of_fields(&object, schema)
}

fn of_fields(object: &Object<'_>, schema: &Schema) -> Shape {
    let kind = |raw: &RawValue| first(raw.get().as_bytes()).unwrap_or_default();
    let known = |name: &str| schema.slot(name).is_some();
    let has = |name: &str| object.get(name).is_some_and(|raw| kind(raw) == b'[');
    let is_row = object
        .iter()
        .any(|(name, raw)| known(name) && !matches!(kind(raw), b'{' | b'['));
    if is_row || object.is_empty() {
        return Shape::Rows;
    }
    if has("columns") && has("data") && !is_list_of_rows(object["data"]) {
        return Shape::Other(columns("names and rows apart (orient=\"split\")"));
    }
    if object.contains_key("schema") && has("data") {
        let what = "its rows stand in the field data, beside their types (orient=\"table\")";
        return Shape::Other(format!("{what}; name it with --items data"));
    }
    let mut fields = Vec::new();
    lists(object, schema, "", &mut fields, 1);
    match &fields[..] {
        [] => {}
        [field] => {
            return Shape::Other(format!(
                "its rows stand in the field {}; name it with --items {field}",
                excerpt(field)
            ));
        }
        several => {
            let names: Vec<String> = several.iter().map(|name| excerpt(name)).collect();
            return Shape::Other(format!(
                "several of its fields hold lists of rows ({}); name one, such as --items {}",
                names.join(", "),
                several[0]
            ));
        }
    }
    let all = |wanted: u8| object.values().all(|raw| kind(raw) == wanted);
    if all(b'[') {
        return Shape::Other(columns("columns, each a list (orient=\"list\")"));
    }
    if all(b'{') {
        let is_number = |name: &String| name.bytes().all(|b| b.is_ascii_digit());
        let first = object.values().next().map(|raw| raw.get());
        let within = first.and_then(|text| serde_json::from_str::<Object<'_>>(text).ok());
        // An object of objects is a table by column or by row. Without a spec that knows the column names, the level whose
        // names are all numbers is the row index.
        let by_column = object.keys().any(|name| known(name))
            || (!object.keys().all(is_number) && within.is_some_and(|o| o.keys().all(is_number)));
        return Shape::Other(match by_column {
            true => columns("columns, as pandas writes them by default"),
            false => columns("rows by their index (orient=\"index\")"),
        });
    }
    Shape::Rows
}

fn columns(what: &str) -> String {
    format!(
        "it holds {what}, and not a list of rows; write rows: df.to_json(path, orient=\"records\"), or with lines=True as .jsonl"
    )
}

/// Collects the paths of the fields that hold a list of objects.
fn lists(object: &Object<'_>, schema: &Schema, path: &str, found: &mut Vec<String>, depth: usize) {
    for (name, raw) in object {
        let path = match path {
            "" => name.clone(),
            outer => format!("{outer}.{name}"),
        };
        if is_list_of_rows(raw) && !(depth == 1 && schema.slot(name).is_some()) {
            found.push(path);
        } else if depth < DEEPEST
            && let Ok(inner) = serde_json::from_str::<Object<'_>>(raw.get())
        {
            lists(&inner, schema, &path, found, depth + 1);
        }
    }
}

/// Whether the value is a list of objects; an empty list counts as one.
fn is_list_of_rows(raw: &RawValue) -> bool {
    let text = raw.get().as_bytes().trim_ascii_start();
    let inner = text.strip_prefix(b"[").map(first);
    matches!(inner, Some(Some(b'{' | b']')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::fixture::wines;

    fn check(document: &str, expected: Result<Shape, &str>) {
        let found = Shape::of(document.as_bytes(), &wines());
        match (found, expected) {
            (Shape::Other(why), Err(part)) => assert!(why.contains(part), "{document}: {why}"),
            (found, Ok(expected)) => assert_eq!(found, expected, "{document}"),
            (found, Err(part)) => panic!("{document}: {found:?}, not {part}"),
        }
    }

    #[test]
    fn a12_rows_are_told_from_other_shapes_of_a_table() {
        let rows = [
            r#"[{"colour": "red"}]"#,
            r#"{"colour": "red", "sugar": 1}"#,
            r#"{"color": "red"}"#,
            r#" {"colour": null, "tags": [{"a": 1}]}"#,
            r#"{"colour": {}, "sugar": 1}"#,
            "[]",
            "[1]",
            "{}",
            "7",
            "",
            "{\"colour\": NaN}",
        ];
        rows.iter().for_each(|text| check(text, Ok(Shape::Rows)));
        let lines = [
            "{\"colour\": \"red\"}\n{\"colour\": \"rose\"}\n",
            "{\"colour\": \"red\"}\r\n\r\n{\"colour\": 1",
        ];
        lines.iter().for_each(|text| check(text, Ok(Shape::Lines)));
        let others = [
            (r#"{"data": [{"colour": "red"}]}"#, "--items data"),
            (r#"{"data": [], "count": 0}"#, "--items data"),
            (
                r#"{"result": {"rows": [{"a": 1}], "n": 1}}"#,
                "--items result.rows",
            ),
            (
                r#"{"schema": {"fields": [{"name": "colour"}]}, "data": [{"colour": "red"}]}"#,
                "orient=\"table\"); name it with --items data",
            ),
            (
                r#"{"colour": {"0": "red"}, "sugar": {"0": 1}}"#,
                "holds columns",
            ),
            (r#"{"colour": ["red"], "sugar": [1]}"#, "orient=\"list\""),
            (r#"{"0": {"colour": "red"}}"#, "orient=\"index\""),
            (
                r#"{"columns": ["colour"], "index": [0], "data": [["red"]]}"#,
                "orient=\"split\"",
            ),
            (r#"[["red", 1]]"#, "lists without names"),
            ("{\n \"colour\": \"red\"\n}\n{\n}", "one after the other"),
        ];
        others.iter().for_each(|(text, why)| check(text, Err(why)));
    }
}
