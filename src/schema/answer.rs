//! Answers as CSV and JSON lines: the same on the command line and on the wire.

use std::io::Write;

use super::cell::Cell;
use super::column::{Label, Schema};

/// The answer to one row.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The row's own id; missing where it has none.
    pub id: Cell,
    /// Text the id points into.
    pub text: &'a str,
    /// The label.
    pub label: &'a Label,
    /// Probability of the positive value.
    pub probability: f64,
}

/// Writing into memory cannot fail.
const MEMORY: &str = "a Vec takes every byte";

/// The header line: id (if the table has one), target, `probability`.
pub fn csv_header(schema: &Schema, out: &mut Vec<u8>) {
    if let Some(id) = schema.id() {
        csv_cell(id, out);
        out.push(b',');
    }
    csv_cell(&schema.target().column, out);
    out.extend_from_slice(b",probability\n");
}

impl Answer<'_> {
    /// One line of CSV.
    pub fn csv(&self, schema: &Schema, out: &mut Vec<u8>) {
        if schema.id().is_some() {
            match self.id {
                Cell::Text(span) => csv_cell(span.get(self.text), out),
                Cell::Number(v) => write!(out, "{v}").expect(MEMORY),
                _ => {}
            }
            out.push(b',');
        }
        csv_label(self.label, out);
        out.push(b',');
        serde_json::to_writer(&mut *out, &self.probability).expect(MEMORY); // shortest digits, as in every format
        out.push(b'\n');
    }

    /// One line of JSON.
    pub fn json_line(&self, schema: &Schema, out: &mut Vec<u8>) {
        let mut entries = serde_json::Map::new();
        if let Some(id) = schema.id() {
            entries.insert(id.to_owned(), id_json(self.id, self.text));
        }
        entries.insert(
            schema.target().column.clone(),
            serde_json::json!(self.label),
        );
        entries.insert("probability".into(), self.probability.into());
        serde_json::to_writer(&mut *out, &entries).expect(MEMORY);
        out.push(b'\n');
    }
}

/// An id as JSON; whole numbers that came as text (from CSV) are numbers again.
fn id_json(id: Cell, text: &str) -> serde_json::Value {
    match id {
        Cell::Text(span) => {
            let text = span.get(text);
            let as_is = |v: &serde_json::Number| v.to_string() == text;
            let whole = text
                .parse()
                .map(i64::into)
                .or_else(|_| text.parse().map(u64::into));
            let whole = whole.ok().filter(as_is);
            whole.map_or_else(|| text.into(), serde_json::Value::Number)
        }
        Cell::Number(v) if v.fract() == 0.0 && v.abs() < 9e15 => (v as i64).into(),
        Cell::Number(v) => v.into(),
        _ => serde_json::Value::Null,
    }
}

/// A label as a cell.
pub fn csv_label(label: &Label, out: &mut Vec<u8>) {
    match label {
        Label::Text(text) => csv_cell(text, out),
        other => write!(out, "{other}").expect(MEMORY),
    }
}

/// A cell, quoted where it has to be.
pub fn csv_cell(text: &str, out: &mut Vec<u8>) {
    if text
        .bytes()
        .any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r'))
    {
        write!(out, "\"{}\"", text.replace('"', "\"\"")).expect(MEMORY);
    } else {
        out.extend_from_slice(text.as_bytes());
    }
}
