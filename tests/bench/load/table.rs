//! Rows of the bundled case as JSON objects.

use serde_json::{Map, Value, json};
use titanic_platform::ingest;
use titanic_platform::model::Spec;
use titanic_platform::schema::Table;
use titanic_platform::schema::row::Purpose;

use crate::client;

/// Every row of the test table.
pub fn rows() -> Vec<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/raw/test.csv");
    let read = ingest::read_file(&path, &Spec::bundled().schema, Purpose::Predict);
    let table = read.unwrap().table;
    (0..table.len())
        .map(|n| Value::Object(object(&table, n)).to_string())
        .collect()
}

/// Each of them as a request.
pub fn requests() -> Vec<Vec<u8>> {
    let request = |row: String| client::request("POST /v1/predict", &row);
    rows().into_iter().map(request).collect()
}

/// So many labelled rows: those of the training table over and over, each under an id of its own.
pub fn labelled(many: usize) -> Vec<String> {
    let schema = Spec::bundled().schema;
    let table = ingest::bundled(&schema).unwrap().table;
    let (id, target) = (schema.id().expect("passengers have one"), schema.target());
    let row = |n: usize| {
        let known = n % table.len();
        let mut row = object(&table, known);
        row.insert(id.into(), json!(n + 1));
        let positive = table.target(known).expect("every row is labelled");
        row.insert(target.column.clone(), json!(target.label(positive)));
        Value::Object(row).to_string()
    };
    (0..many).map(row).collect()
}

/// The inputs of a row.
fn object(table: &Table, n: usize) -> Map<String, Value> {
    let mut cells = Vec::new();
    let row = table.row(n, &mut cells);
    let cells = table.schema().columns().iter().zip(row.cells);
    cells
        .filter(|(_, cell)| !cell.is_missing())
        .map(|(column, cell)| (column.name.clone(), json!(column.scalar(*cell, row.text))))
        .collect()
}
