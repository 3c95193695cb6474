//! Writes predictions as CSV and JSON lines; the command line and the server share this format.

use std::io::Write;

use super::cell::Cell;
use super::column::{Label, Schema};
use super::fault::Fault;
use super::number::whole;
use super::warnings::Warning;

/// Column names that the prediction output defines itself.
const OURS: [&str; 4] = ["row", "probability", "prediction_id", "warnings"];

/// Name of a table column in the prediction output: `NAME (table)` where it collides with one of the output's own columns.
pub fn column_name(name: &str) -> String {
    match OURS.contains(&name) {
        true => format!("{name} (table)"),
        false => name.to_owned(),
    }
}

/// Name of the output's first column: that of the id column, or `row` if the table has no ids.
pub fn first_name(schema: &Schema, has_id: bool) -> String {
    let id = schema.id().filter(|_| has_id);
    id.map_or_else(|| OURS[0].to_owned(), column_name)
}

/// Whether a table has ids: the schema names an id column and at least one row has a value in it.
pub fn has_id(schema: &Schema, mut ids: impl Iterator<Item = Cell>) -> bool {
    schema.id().is_some() && ids.any(|id| !id.is_missing())
}

/// Id and target columns whose names collide with output columns, so that a notice can report the renaming.
pub fn renamed(schema: &Schema) -> impl Iterator<Item = &str> {
    let names = schema
        .id()
        .into_iter()
        .chain([schema.target().column.as_str()]);
    names.filter(|name| OURS.contains(name))
}

/// The prediction for one row.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The row's number, from 1; written in place of an id if the table has none.
    pub row: usize,
    /// The row's id: `Cell::Missing` if this row has none, `None` if the table has none.
    pub id: Option<Cell>,
    /// The text that a text id's span points into.
    pub text: &'a str,
    /// The predicted label and the probability of the positive value; `None` for a row with faults.
    pub said: Option<(&'a Label, f64)>,
}

/// Writing into memory cannot fail.
const MEMORY: &str = "a Vec takes every byte";

/// Writes the header line: id (`row` if the table has none), target, `probability`.
pub fn csv_header(schema: &Schema, has_id: bool, out: &mut Vec<u8>) {
    csv_names(schema, has_id, out);
    out.push(b'\n');
}

/// Writes the header line without its newline, so that the caller can add columns.
pub fn csv_names(schema: &Schema, has_id: bool, out: &mut Vec<u8>) {
    csv_cell(&first_name(schema, has_id), out);
    out.push(b',');
    csv_cell(&column_name(&schema.target().column), out);
    out.extend_from_slice(b",probability");
}

impl Answer<'_> {
    /// Writes one line of CSV.
    pub fn csv(&self, out: &mut Vec<u8>) {
        self.csv_cells(out);
        out.push(b'\n');
    }

    /// Writes one line of CSV without its newline, so that the caller can add columns.
    pub fn csv_cells(&self, out: &mut Vec<u8>) {
        match self.id {
            None => write!(out, "{}", self.row).expect(MEMORY),
            Some(Cell::Text(span)) => csv_cell(span.get(self.text), out),
            Some(Cell::Number(v)) => write!(out, "{v}").expect(MEMORY),
            Some(_) => {}
        }
        out.push(b',');
        if let Some((label, _)) = self.said {
            csv_label(label, out);
        }
        out.push(b',');
        if let Some((_, probability)) = self.said {
            serde_json::to_writer(out, &probability).expect(MEMORY); // shortest digits, as in every format
        }
    }

    /// Writes one JSON object, followed by a newline. Its `warnings` are the row's faults, then its warnings.
    pub fn json_line(
        &self,
        schema: &Schema,
        faults: &[Fault],
        warnings: &[Warning],
        out: &mut Vec<u8>,
    ) {
        let faults = faults.iter().map(fault_json);
        let warnings = warnings.iter().map(|warning| serde_json::json!(warning));
        let warnings: Vec<serde_json::Value> = faults.chain(warnings).collect();
        let mut entries = serde_json::Map::new();
        let id = match self.id {
            Some(id) => id_json(id, self.text),
            None => self.row.into(),
        };
        entries.insert(first_name(schema, self.id.is_some()), id);
        let (label, probability) = self.said.unzip();
        let target = column_name(&schema.target().column);
        entries.insert(target, serde_json::json!(label));
        entries.insert("probability".into(), serde_json::json!(probability));
        entries.insert("warnings".into(), warnings.into());
        serde_json::to_writer(&mut *out, &entries).expect(MEMORY);
        out.push(b'\n');
    }
}

fn fault_json(fault: &Fault) -> serde_json::Value {
    serde_json::json!({
        "column": fault.column,
        "problem": fault.problem,
        "value": plain(&fault.got),
        "detail": fault.to_string(),
    })
}

/// The original value as a JSON scalar if its text is one, else as a string.
fn plain(got: &str) -> serde_json::Value {
    let scalar = serde_json::from_str(got).ok();
    scalar
        .filter(|v: &serde_json::Value| !v.is_array() && !v.is_object())
        .unwrap_or_else(|| got.into())
}

/// An id as JSON. A whole number that came as text (from CSV) becomes a JSON number.
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
        Cell::Number(v) => whole(v).map_or_else(|| v.into(), Into::into),
        _ => serde_json::Value::Null,
    }
}

/// Writes a label as a CSV cell.
pub fn csv_label(label: &Label, out: &mut Vec<u8>) {
    match label {
        Label::Text(text) => csv_cell(text, out),
        other => write!(out, "{other}").expect(MEMORY),
    }
}

/// Writes a CSV cell, quoted if it holds a comma, a quote or a line break.
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
