//! Answers as CSV and JSON lines: the same on the command line and on the wire.

use std::io::Write;

use super::cell::Cell;
use super::column::{Label, Schema};
use super::fault::Fault;
use super::number::whole;

/// Names of columns that the answer fills itself.
const OURS: [&str; 4] = ["row", "probability", "prediction_id", "warnings"];

/// Name under which a column of the table stands in an answer: `NAME (table)` where the answer has a column of that name
/// itself.
pub fn column_name(name: &str) -> String {
    match OURS.contains(&name) {
        true => format!("{name} (table)"),
        false => name.to_owned(),
    }
}

/// Name of an answer's first column: the id's, or `row` where the table has none.
pub fn first_name(schema: &Schema, has_id: bool) -> String {
    let id = schema.id().filter(|_| has_id);
    id.map_or_else(|| OURS[0].to_owned(), column_name)
}

/// Whether a table has ids, given those of its rows.
pub fn has_id(schema: &Schema, ids: &[Cell]) -> bool {
    schema.id().is_some() && ids.iter().any(|id| !id.is_missing())
}

/// Columns of the table that stand in its answers under another name, for a notice.
pub fn renamed(schema: &Schema) -> impl Iterator<Item = &str> {
    let names = schema
        .id()
        .into_iter()
        .chain([schema.target().column.as_str()]);
    names.filter(|name| OURS.contains(name))
}

/// The answer to one row.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// The number of the row, from 1: it stands for the id of a table that has none.
    pub row: usize,
    /// The row's own id; missing where the row has none, none where the table has none.
    pub id: Option<Cell>,
    /// Text the id points into.
    pub text: &'a str,
    /// The label and the probability of the positive value; none of a bad row.
    pub said: Option<(&'a Label, f64)>,
}

/// Writing into memory cannot fail.
const MEMORY: &str = "a Vec takes every byte";

/// The header line: id (`row` if the table has none), target, `probability`.
pub fn csv_header(schema: &Schema, has_id: bool, out: &mut Vec<u8>) {
    csv_names(schema, has_id, out);
    out.push(b'\n');
}

/// The header line without its end, for those who add columns.
pub fn csv_names(schema: &Schema, has_id: bool, out: &mut Vec<u8>) {
    csv_cell(&first_name(schema, has_id), out);
    out.push(b',');
    csv_cell(&column_name(&schema.target().column), out);
    out.extend_from_slice(b",probability");
}

impl Answer<'_> {
    /// One line of CSV.
    pub fn csv(&self, out: &mut Vec<u8>) {
        self.csv_cells(out);
        out.push(b'\n');
    }

    /// One line of CSV without its end, for those who add columns.
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

    /// One line of JSON.
    pub fn json_line(&self, schema: &Schema, warnings: &[serde_json::Value], out: &mut Vec<u8>) {
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

/// A fault of a row that could not be answered, as it stands among the warnings of an answer.
pub fn fault_json(fault: &Fault) -> serde_json::Value {
    serde_json::json!({
        "column": fault.column,
        "problem": fault.problem,
        "value": plain(&fault.got),
        "detail": fault.to_string(),
    })
}

/// A value as it came, as JSON where it is some.
fn plain(got: &str) -> serde_json::Value {
    let scalar = serde_json::from_str(got).ok();
    scalar
        .filter(|v: &serde_json::Value| !v.is_array() && !v.is_object())
        .unwrap_or_else(|| got.into())
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
        Cell::Number(v) => whole(v).map_or_else(|| v.into(), Into::into),
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
