//! Writes a row as JSON straight into a buffer; missing values are left out.

use crate::schema::cell::Cell;
use crate::schema::column::{By, Column, Schema, Slot};
use crate::schema::own_id;
use crate::schema::row::RowView;

/// Appends the row as an object; reading the object again gives the same row.
pub fn object(schema: &Schema, row: RowView<'_>, out: &mut Vec<u8>) {
    let begin = out.len();
    for (column, cell) in schema.columns().iter().zip(row.cells) {
        if cell.is_missing() {
            continue;
        }
        out.push(if out.len() == begin { b'{' } else { b',' });
        value(&column.name, out);
        out.push(b':');
        write_value(column, *cell, row.text, out);
    }
    if let (Some(By { slot, .. }), false) = (schema.by(), row.by.is_missing())
        && matches!(slot, Slot::Unused(_))
    {
        out.push(if out.len() == begin { b'{' } else { b',' });
        value(schema.name(slot), out);
        out.push(b':');
        match row.by {
            Cell::Text(span) => value(span.get(row.text), out),
            cell => value(&cell.as_number(), out),
        }
    }
    if out.len() == begin {
        out.push(b'{');
    }
    out.push(b'}');
}

/// A member of a JSON object; `json` is its value, already encoded.
pub fn member(name: &str, json: &str) -> String {
    let mut out = Vec::with_capacity(name.len() + json.len() + 3);
    value(name, &mut out);
    out.push(b':');
    out.extend_from_slice(json.as_bytes());
    String::from_utf8(out).expect("JSON is text")
}

/// The member that holds a row's own id: a JSON number if the id is a whole number that JSON readers represent
/// exactly, else a string.
pub fn id_member(column: &str, id: &str) -> String {
    member(column, &serde_json::json!(own_id::scalar(id)).to_string())
}

/// Appends a cell of a column as JSON, in the type it has in a row; `null` if missing.
pub fn write_value(column: &Column, cell: Cell, text: &str, out: &mut Vec<u8>) {
    value(&column.scalar(cell, text), out);
}

fn value<T: serde::Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("a Vec takes every byte");
}
