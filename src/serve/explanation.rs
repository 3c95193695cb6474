//! An explanation as JSON.

use serde::Serialize;
use serde_json::Value;

use crate::model::Explanation;
use crate::schema::{RowView, Schema};

#[derive(Serialize)]
struct Written<'a> {
    base: f64,
    contributions: Vec<Contribution<'a>>,
}

#[derive(Serialize)]
struct Contribution<'a> {
    column: &'a str,
    /// As it stands in the row; null where it is missing.
    value: Value,
    contribution: f64,
}

/// Appends `,"explanation": {…}` to an object that is being written.
pub fn write(explanation: &Explanation, schema: &Schema, row: RowView<'_>, out: &mut Vec<u8>) {
    let contributions = explanation.contributions.iter().map(|(i, contribution)| {
        let column = &schema.columns()[*i];
        Contribution { column: &column.name, value: column.json(row.cells[*i], row.text), contribution: *contribution }
    });
    let written = Written { base: explanation.base, contributions: contributions.collect() };
    out.extend_from_slice(b",\"explanation\":");
    serde_json::to_writer(out, &written).expect("JSON with text keys into memory");
}
