//! The rows of one page.

use std::ops::ControlFlow;
use std::path::Path;

use super::Answer;
use super::field::Field;
use crate::ingest::format::{self, Format};
use crate::ingest::source::{Pull, Rows, SourceRow};

/// Formats by what the server calls them.
const TYPES: &[(&str, &str)] = &[
    ("application/json", "json"),
    ("text/csv", "csv"),
    ("application/csv", "csv"),
    ("text/tab-separated-values", "tsv"),
    ("application/x-ndjson", "jsonl"),
    ("application/ndjson", "jsonl"),
    ("application/jsonl", "jsonl"),
    ("application/x-jsonlines", "jsonl"),
    ("application/vnd.apache.parquet", "parquet"),
];

/// Hands over every row; gives their number, unless the receiver broke off.
pub(super) fn rows(
    answer: &Answer,
    body: &[u8],
    items: Option<&Field>,
    pull: &Pull<'_>,
    to: &mut dyn Rows,
) -> Result<ControlFlow<(), usize>, String> {
    let (format, mut body) = match items {
        None => (format_of(answer, body), body),
        Some(field) => (json(), list(field, body)?),
    };
    let mut count = 0;
    let mut going = ControlFlow::Continue(());
    let mut each = |row: SourceRow<'_>| {
        count += 1;
        going = to.row(row);
        going
    };
    format.read(&mut body, pull.schema, pull.purpose, &mut each)?;
    Ok(match going {
        ControlFlow::Continue(()) => ControlFlow::Continue(count),
        ControlFlow::Break(()) => ControlFlow::Break(()),
    })
}

fn json() -> &'static dyn Format {
    format::named("json").expect("JSON is in the table of formats")
}

/// By the server's word, by the ending of the address, by the first bytes: the first that says something.
fn format_of(answer: &Answer, body: &[u8]) -> &'static dyn Format {
    let said = answer.media_type.as_str();
    let by_type = TYPES.iter().find(|(name, _)| *name == said);
    let by_type = by_type.and_then(|(_, format)| format::named(format));
    let suffix = || said.ends_with("+json").then(json);
    let ending = || format::of(Path::new(&answer.path)).ok();
    by_type
        .or_else(suffix)
        .or_else(ending)
        .unwrap_or_else(|| format::sniffed(body))
}

fn list<'b>(field: &Field, body: &'b [u8]) -> Result<&'b [u8], String> {
    let found = field.pick(body)?.map(|raw| raw.get().trim());
    match found {
        Some(list) if list.starts_with('[') => Ok(list.as_bytes()),
        Some("null") => Ok(b"[]"),
        Some(_) => Err(format!("the field `{field}` is no list of rows")),
        None => Err(format!(
            "there is no field `{field}` in the body{}",
            keys(body)
        )),
    }
}

/// What the body has instead, for a message.
fn keys(body: &[u8]) -> String {
    const SHOWN: usize = 10;
    let Ok(serde_json::Value::Object(object)) = serde_json::from_slice(body) else {
        return "; it is no object".into();
    };
    let names: Vec<&str> = object.keys().take(SHOWN).map(String::as_str).collect();
    format!("; it has {}", names.join(", "))
}
