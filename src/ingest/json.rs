//! JSON (one object or a list) and JSON lines.

use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;

use serde_json::Value;

use super::format::Format;
use super::numbers::{self, EachCells};
use super::source::{EachRow, SourceRow};
use crate::schema::csv::LONGEST_ROW;
use crate::schema::fault::{Fault, Problem};
use crate::schema::row::{Purpose, Value as Cell};
use crate::schema::{Row, Schema, json};

/// One document.
#[derive(Debug)]
pub struct Json;

/// One object a line.
#[derive(Debug)]
pub struct JsonLines;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn endings(&self) -> &'static [&'static str] {
        &["json"]
    }

    fn read(
        &self,
        source: &mut dyn Read,
        schema: &Schema,
        purpose: Purpose,
        each: EachRow<'_>,
    ) -> Result<(), String> {
        let document = whole(source)?;
        let mut row = Row::new(schema, purpose);
        let mut going = ControlFlow::Continue(());
        let outcome = json::rows(
            schema,
            strip_bom(&document),
            usize::MAX,
            &mut row,
            &mut |i, row| {
                if going.is_continue() {
                    going = each(SourceRow {
                        line: i as u64 + 1,
                        row: Ok(row),
                    });
                }
            },
        );
        match outcome {
            Err(fault) if going.is_continue() => Err(fault.to_string()),
            _ => Ok(()), // who broke off need not hear of what follows
        }
    }

    fn numbers(
        &self,
        source: &mut dyn Read,
        wanted: &[&str],
        each: EachCells<'_>,
    ) -> Result<(), String> {
        let document = whole(source)?;
        let rows = match serde_json::from_slice(strip_bom(&document)) {
            Ok(Value::Array(rows)) => rows,
            Ok(row) => vec![row],
            Err(e) => return Err(json::JsonFault::from(e).to_string()),
        };
        for (line, row) in (1..).zip(&rows) {
            if cells(line, row, wanted, each)?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl Format for JsonLines {
    fn name(&self) -> &'static str {
        "jsonl"
    }

    fn endings(&self) -> &'static [&'static str] {
        &["jsonl", "ndjson"]
    }

    fn read(
        &self,
        source: &mut dyn Read,
        schema: &Schema,
        purpose: Purpose,
        each: EachRow<'_>,
    ) -> Result<(), String> {
        let mut row = Row::new(schema, purpose);
        each_line(source, |line, text| {
            let outcome = match text {
                Some(text) => one_line(schema, text, &mut row),
                None => Err(json::not_a_row("a line of more than 16 MiB")),
            };
            let row = outcome.map(|()| &mut row);
            Ok(each(SourceRow { line, row }))
        })
    }

    fn numbers(
        &self,
        source: &mut dyn Read,
        wanted: &[&str],
        each: EachCells<'_>,
    ) -> Result<(), String> {
        each_line(source, |line, text| {
            let text = text.ok_or_else(|| format!("line {line}: it has more than 16 MiB"))?;
            let row = serde_json::from_slice(text)
                .map_err(|e| format!("line {line}: {}", json::JsonFault::from(e)))?;
            cells(line, &row, wanted, each)
        })
    }
}

/// All of a document.
fn whole(source: &mut dyn Read) -> Result<Vec<u8>, String> {
    let mut document = Vec::new();
    match source.read_to_end(&mut document) {
        Ok(_) => Ok(document),
        Err(fault) => Err(format!("reading failed: {fault}")),
    }
}

/// Hands over every line that is not blank, with its number; none for one that is too long.
fn each_line(
    source: &mut dyn Read,
    mut each: impl FnMut(u64, Option<&[u8]>) -> Result<ControlFlow<()>, String>,
) -> Result<(), String> {
    let mut reader = BufReader::new(source);
    let mut line = Vec::new();
    for number in 1.. {
        let whole = next_line(&mut reader, &mut line);
        let Some(whole) = whole.map_err(|e| format!("reading failed: {e}"))? else {
            break;
        };
        let text = strip_bom(&line);
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if each(number, whole.then_some(text))?.is_break() {
            break;
        }
    }
    Ok(())
}

/// Reads a line; whether it is whole, none at the end. One that is too long is passed over, so that no line fills the memory.
fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    line.clear();
    if reader.take(LONGEST_ROW).read_until(b'\n', line)? == 0 {
        return Ok(None);
    }
    let whole = line.ends_with(b"\n") || (line.len() as u64) < LONGEST_ROW;
    if !whole {
        line.truncate(1 << 10);
        reader.skip_until(b'\n')?;
    }
    Ok(Some(whole))
}

/// Hands over the wanted values of an object.
fn cells(
    line: u64,
    row: &Value,
    wanted: &[&str],
    each: EachCells<'_>,
) -> Result<ControlFlow<()>, String> {
    let Value::Object(row) = row else {
        let what = if row.is_array() {
            "a list"
        } else {
            "a bare value"
        };
        return Err(format!(
            "line {line}: a row is an object like {{\"column\": value}}; got {what}"
        ));
    };
    if wanted.iter().any(|name| !row.contains_key(*name)) {
        let names: Vec<&str> = row.keys().map(String::as_str).collect();
        numbers::places(&names, wanted).map_err(|why| format!("line {line}: {why}"))?;
    }
    let cell = |name: &&str| match &row[*name] {
        Value::Null => Cell::Missing,
        Value::Bool(flag) => Cell::Flag(*flag),
        Value::Number(number) => number.as_f64().map_or(Cell::Missing, Cell::Number),
        Value::String(text) => Cell::Text(text),
        Value::Array(_) => Cell::Nested("a list"),
        Value::Object(_) => Cell::Nested("an object"),
    };
    let cells: Vec<Cell<'_>> = wanted.iter().map(cell).collect();
    Ok(each(line, &cells))
}

fn one_line(schema: &Schema, text: &[u8], row: &mut Row) -> Result<(), Fault> {
    match json::rows(schema, text.trim_ascii_end(), 1, row, &mut |_, _| ()) {
        Ok(json::Body::One) => Ok(()),
        Ok(json::Body::Many(_)) | Err(json::JsonFault::TooMany(_)) => {
            Err(json::not_a_row("a list"))
        }
        Err(json::JsonFault::NotRows(what)) => Err(json::not_a_row(what)),
        Err(json::JsonFault::Syntax(fault)) => Err(Fault {
            column: String::new(),
            problem: Problem::NotARow,
            // The line of the file stands beside it.
            got: format!("broken JSON, {fault}").replace(" at line 1 column", " at column"),
            allowed: String::new(),
            remedy: String::new(),
        }),
    }
}

fn strip_bom(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}
