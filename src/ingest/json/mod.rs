//! Reads JSON (one object or a list) and JSON lines.

mod shape;

use std::io::{self, BufRead, BufReader, Read};
use std::ops::ControlFlow;

use serde_json::Value;

use super::error::FormatError;
use super::format::{EachCells, Format, Reading};
use super::rows::{Rows, SourceRow};
use super::{cells, field};
use crate::schema::csv::LONGEST_ROW;
use crate::schema::dialect::{Encoding, decode};
use crate::schema::fault::{Fault, Problem};
use crate::schema::row::Value as Cell;
use crate::schema::{NumberForm, Row, Schema, json};
use shape::Shape;

/// Maximum size in bytes of a decompressed document, which is held in memory as a whole.
const LARGEST: u64 = 256 << 20;

#[derive(Debug)]
pub struct Json;

/// JSON lines: one object per line.
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
        reading: &Reading<'_>,
        to: &mut dyn Rows,
    ) -> Result<ControlFlow<()>, FormatError> {
        let document = whole(source, reading.dialect.encoding)?;
        let rows = match reading.items {
            Some(field) => field::list(field, &document)?,
            None => &document,
        };
        match Shape::of(rows, reading.schema) {
            Shape::Rows => {}
            Shape::Lines => return lines(&mut &*rows, reading, to),
            Shape::Other(why) => return Err(why.into()),
        }
        let mut row = Row::new(reading.schema, reading.purpose);
        let mut going = ControlFlow::Continue(());
        let mut each = |i: usize, row: &mut Row| {
            if going.is_continue() {
                let line = i as u64 + 1;
                going = to.row(SourceRow { line, row: Ok(row) });
            }
        };
        let form = reading.dialect.number_form();
        let outcome = json::file_rows(reading.schema, &form, rows, usize::MAX, &mut row, &mut each);
        match outcome {
            Err(_) if going.is_continue() => {
                Err(self::fault(&document, rows, reading, &mut row).into())
            }
            _ => Ok(going), // who broke off need not hear of what follows
        }
    }

    fn numbers(
        &self,
        source: &mut dyn Read,
        wanted: &[&str],
        each: EachCells<'_>,
    ) -> Result<(), FormatError> {
        let document = whole(source, Encoding::Auto)?;
        let documents = serde_json::Deserializer::from_slice(&document).into_iter();
        let mut line = 0;
        for found in documents {
            let found = found.map_err(|e| json::explained(e, &document).to_string())?;
            let rows = match found {
                Value::Array(rows) => rows,
                row => vec![row],
            };
            for row in &rows {
                line += 1;
                if cells(line, row, wanted, each)?.is_break() {
                    return Ok(());
                }
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
        reading: &Reading<'_>,
        to: &mut dyn Rows,
    ) -> Result<ControlFlow<()>, FormatError> {
        if reading.items.is_some() {
            // A document that holds its rows in a field is always read as a single JSON document, even if its first bytes
            // look like JSON lines.
            return Json.read(source, reading, to);
        }
        lines(source, reading, to)
    }

    fn numbers(
        &self,
        source: &mut dyn Read,
        wanted: &[&str],
        each: EachCells<'_>,
    ) -> Result<(), FormatError> {
        each_line(source, |line, text| {
            let text = text.ok_or_else(|| format!("line {line}: it has more than 16 MiB"))?;
            let row = serde_json::from_slice(text)
                .map_err(|e| format!("line {line}: {}", json::explained(e, text)))?;
            cells(line, &row, wanted, each)
        })
    }
}

/// The error of the rows, with its line in the whole document: parses the rows again after blank lines that replace
/// the text before them.
fn fault(document: &[u8], rows: &[u8], reading: &Reading<'_>, row: &mut Row) -> String {
    let begin = rows.as_ptr().addr() - document.as_ptr().addr();
    let blank = |byte: &u8| if *byte == b'\n' { *byte } else { b' ' };
    let mut text: Vec<u8> = document[..begin].iter().map(blank).collect();
    text.extend_from_slice(rows);
    let (schema, form) = (reading.schema, reading.dialect.number_form());
    let again = json::file_rows(schema, &form, &text, usize::MAX, row, &mut |_, _| ());
    again
        .err()
        .map_or_else(String::new, |fault| fault.to_string())
}

/// The whole document as UTF-8, without a byte-order mark.
fn whole(source: &mut dyn Read, encoding: Encoding) -> Result<Vec<u8>, FormatError> {
    let text = decode::Utf8::new(source, encoding)?;
    let mut document = Vec::new();
    text.take(LARGEST + 1).read_to_end(&mut document)?;
    if document.len() as u64 > LARGEST {
        let most = LARGEST >> 20;
        return Err(format!(
            "it has more than {most} MiB unpacked, the most that is read of one JSON document; write JSON lines (.jsonl, one \
             object a line), which are read row by row"
        )
        .into());
    }
    Ok(document)
}

/// Passes every row of a JSON-lines source to `to`.
fn lines(
    source: &mut dyn Read,
    reading: &Reading<'_>,
    to: &mut dyn Rows,
) -> Result<ControlFlow<()>, FormatError> {
    let mut text = decode::Utf8::new(source, reading.dialect.encoding)?;
    let (schema, form) = (reading.schema, reading.dialect.number_form());
    let mut row = Row::new(schema, reading.purpose);
    let mut going = ControlFlow::Continue(());
    each_line(&mut text, |line, text| {
        let outcome = match text {
            Some(text) => one_line(schema, &form, text, &mut row),
            None => Err(json::not_a_row("a line of more than 16 MiB")),
        };
        let row = outcome.map(|()| &mut row);
        going = to.row(SourceRow { line, row });
        Ok(going)
    })?;
    Ok(going)
}

/// Passes every non-blank line with its number to `each`; `None` stands for a line that exceeds the maximum length.
fn each_line(
    source: &mut dyn Read,
    mut each: impl FnMut(u64, Option<&[u8]>) -> Result<ControlFlow<()>, FormatError>,
) -> Result<(), FormatError> {
    let mut reader = BufReader::new(source);
    let mut line = Vec::new();
    for number in 1.. {
        let whole = next_line(&mut reader, &mut line);
        let Some(whole) = whole? else {
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

/// Reads a line. The result is `None` at the end of the input, otherwise whether the line is complete; the rest of an
/// overlong line is skipped, so that it does not fill the memory.
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

/// Passes the wanted values of an object to `each`.
fn cells(
    line: u64,
    row: &Value,
    wanted: &[&str],
    each: EachCells<'_>,
) -> Result<ControlFlow<()>, FormatError> {
    let Value::Object(row) = row else {
        let what = if row.is_array() {
            "a list"
        } else {
            "a bare value"
        };
        return Err(format!(
            "line {line}: a row is an object like {{\"column\": value}}; got {what}"
        )
        .into());
    };
    if wanted.iter().any(|name| !row.contains_key(*name)) {
        let names: Vec<&str> = row.keys().map(String::as_str).collect();
        cells::places(&names, wanted).map_err(|why| format!("line {line}: {why}"))?;
    }
    let form = NumberForm::default();
    let cell = |name: &&str| match &row[*name] {
        Value::Null => Cell::Missing,
        Value::Bool(flag) => Cell::Flag(*flag),
        Value::Number(number) => number.as_f64().map_or(Cell::Missing, Cell::Number),
        Value::String(text) => cells::cell(text, &form),
        Value::Array(_) => Cell::Nested("a list"),
        Value::Object(_) => Cell::Nested("an object"),
    };
    let cells: Vec<Cell<'_>> = wanted.iter().map(cell).collect();
    Ok(each(line, &cells))
}

fn one_line(schema: &Schema, form: &NumberForm, text: &[u8], row: &mut Row) -> Result<(), Fault> {
    match json::file_rows(schema, form, text.trim_ascii_end(), 1, row, &mut |_, _| ()) {
        Ok(json::Body::One) => Ok(()),
        Ok(json::Body::Many(_)) | Err(json::JsonError::TooMany(_)) => {
            Err(json::not_a_row("a list"))
        }
        Err(json::JsonError::NotRows(what)) => Err(json::not_a_row(what)),
        Err(fault) => {
            let (got, remedy) = match fault {
                json::JsonError::NotFinite { word, column, .. } => (
                    format!("broken JSON, {word} at column {column}"),
                    "write null where a number is not known",
                ),
                json::JsonError::TooLarge { number, column, .. } => (
                    format!(
                        "broken JSON, {number} at column {column} is beyond the largest number, about 1.8e308"
                    ),
                    "write null where a number is not known",
                ),
                json::JsonError::Syntax(fault) => (format!("broken JSON, {fault}"), ""),
                other => (other.to_string(), ""),
            };
            Err(Fault {
                column: String::new(),
                problem: Problem::NotARow,
                // The caller already reports the line number in the file.
                got: got.replace(" at line 1 column", " at column"),
                typed: false,
                allowed: String::new(),
                remedy: remedy.into(),
            })
        }
    }
}

fn strip_bom(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}
