//! Writes a row as JSON straight into a buffer; missing values are left out.

use crate::schema::cell::Cell;
use crate::schema::column::{By, Column, Kind, Schema, Slot};
use crate::schema::number::{whole, whole_text};
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
    match whole_text(id) {
        Some(number) if number.unsigned_abs() < 1 << 53 => member(column, &number.to_string()),
        _ => member(column, &serde_json::Value::from(id).to_string()),
    }
}

/// Appends a cell of a column as JSON, in the type it has in a row; `null` if missing.
pub fn write_value(column: &Column, cell: Cell, text: &str, out: &mut Vec<u8>) {
    match cell {
        Cell::Missing => out.extend_from_slice(b"null"),
        Cell::Number(seconds) if let Kind::Date(form) = &column.kind => {
            value(&form.write(seconds), out);
        }
        Cell::Number(v) => match whole(v) {
            Some(v) => value(&v, out),
            None => value(&v, out),
        },
        Cell::Level(level) => {
            if let Kind::Category { levels } = &column.kind {
                value(&levels.scalars()[level as usize], out);
            }
        }
        Cell::Text(span) if matches!(column.kind, Kind::Category { .. }) => {
            write_level(span.get(text), out);
        }
        Cell::Text(span) => value(span.get(text), out),
    }
}

/// A level that is a whole number is written as a number, as in [`Column::json`].
fn write_level(level: &str, out: &mut Vec<u8>) {
    match whole_text(level) {
        Some(number) => value(&number, out),
        None => value(level, out),
    }
}

fn value<T: serde::Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("a Vec takes every byte");
}
