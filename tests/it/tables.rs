//! The two test tables, loaded, and helpers to make others.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use titanic_platform::ingest::{self, Loaded};
use titanic_platform::model::Spec;
use titanic_platform::schema::row::Purpose;
use titanic_platform::schema::{Kind, Schema};
use titanic_platform::train::Material;

use crate::churn;

/// The root of the checkout.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The bundled spec with its table.
pub fn titanic() -> (Spec, Loaded) {
    load(Spec::bundled(), &root().join("data/raw/train.csv"))
}

/// The second spec with its table.
pub fn churn() -> (Spec, Loaded) {
    load(
        Spec::parse(churn::SPEC).unwrap(),
        &root().join("tests/fixtures/churn.csv"),
    )
}

fn load(spec: Spec, path: &Path) -> (Spec, Loaded) {
    let loaded = ingest::read_file(path, &spec.schema, Purpose::Learn).unwrap();
    assert_eq!(loaded.bad, []);
    (spec, loaded)
}

/// The bundled spec with a text replaced; the text must occur.
pub fn titanic_with(from: &str, to: &str) -> Spec {
    let text = titanic_platform::model::spec::BUNDLED;
    assert!(text.contains(from), "{from:?} is not in the spec");
    Spec::parse(&text.replace(from, to)).unwrap()
}

/// Training material of a loaded table.
pub fn material(loaded: &Loaded) -> Material<'_> {
    Material {
        table: &loaded.table,
        read: loaded.read,
        left_out: loaded.left_out,
        name: "table".into(),
        warnings: loaded.warnings.clone(),
    }
}

/// Reads CSV text into a training table of a spec.
pub fn csv(spec: &Spec, text: &str) -> Loaded {
    csv_for(spec, text, Purpose::Learn)
}

/// Reads CSV text into a table of a spec.
pub fn csv_for(spec: &Spec, text: &str, purpose: Purpose) -> Loaded {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    std::fs::write(&path, text).unwrap();
    ingest::read_file(&path, &Arc::clone(&spec.schema), purpose).unwrap()
}

/// Rows of CSV text as JSON objects: numbers in numeric columns, empty cells omitted.
pub fn objects(schema: &Schema, text: &str) -> Vec<serde_json::Value> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().unwrap().clone();
    let number = |name: &str| {
        let column = schema.columns().iter().find(|column| column.name == name);
        column.is_some_and(|column| matches!(column.kind, Kind::Number { .. }))
    };
    let object = |record: csv::StringRecord| {
        let cells = names
            .iter()
            .zip(record.iter())
            .filter(|(_, cell)| !cell.is_empty());
        let cells = cells.map(|(name, cell)| {
            let value = if number(name) {
                cell.parse().unwrap()
            } else {
                cell.into()
            };
            (name.to_owned(), value)
        });
        cells.collect::<serde_json::Map<_, _>>().into()
    };
    reader
        .records()
        .map(|record| object(record.unwrap()))
        .collect()
}
