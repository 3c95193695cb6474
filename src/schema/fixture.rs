//! The schema of a small table for the tests of this module, and its rows in words.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::column::Extra;
use super::missing::USUAL;
use super::row::Purpose;
use super::spec::{ColumnSpec, SpecError, TableSpec, TargetSpec, Word, yaml};
use super::{Cell, Row, Schema};

const WINES: &str = r#"
target: {column: good, positive: "yes", negative: "no"}
id: bottle
columns:
  - {name: colour, kind: category, levels: [red, white, rose], required: true, unexpected: reject}
  - {name: stars, kind: category, levels: [1, 2, 3], unexpected: warn}
  - {name: sugar, kind: number, range: [0, 400], unexpected: reject}
  - {name: price, kind: number, range: [0, null], unexpected: quarantine}
  - {name: maker, kind: text}
"#;

#[derive(Deserialize)]
struct Typed {
    columns: Vec<Spanned<ColumnSpec>>,
    target: Spanned<TargetSpec>,
    id: Option<Spanned<String>>,
    #[serde(default)]
    extra: Extra,
    missing: Option<Vec<Word>>,
}

/// Reads and checks the table's part of a spec.
pub(crate) fn table_spec(text: &str) -> Result<Schema, Vec<SpecError>> {
    let typed: Typed = yaml::read(text).unwrap();
    let Typed {
        columns,
        target,
        id,
        extra,
        missing,
    } = &typed;
    let id = id.as_ref();
    TableSpec {
        columns,
        target: Some(target),
        id,
        extra: *extra,
        missing: missing.as_deref(),
        usual: USUAL,
    }
    .check()
}

/// Bottles of wine: a required category, a category of numbers, two numbers, a text.
pub(crate) fn wines() -> Schema {
    table_spec(WINES).unwrap()
}

/// An empty row of the schema.
pub(super) fn row(schema: &Schema, purpose: Purpose) -> Row {
    Row::new(schema, purpose)
}

/// The cells of a row in words, such as `red | 3 | 7.5 | – | "Argo"`.
pub(super) fn cells(schema: &Schema, row: &Row) -> String {
    let view = row.view();
    let word = |(i, cell): (usize, &Cell)| match *cell {
        Cell::Missing => "–".to_owned(),
        Cell::Number(v) => v.to_string(),
        Cell::Level(level) => schema.columns()[i].levels()[level as usize].clone(),
        Cell::Text(span) => format!("{:?}", span.get(view.text)),
    };
    view.cells
        .iter()
        .enumerate()
        .map(word)
        .collect::<Vec<_>>()
        .join(" | ")
}

/// The messages of a row's faults.
pub(super) fn faults(row: &Row) -> Vec<String> {
    row.faults.iter().map(ToString::to_string).collect()
}

pub(super) fn warnings(row: &Row) -> Vec<String> {
    let word = |w: &super::Warning| {
        let apart = if w.quarantine { ", set apart" } else { "" };
        format!("{}: {} {}{apart}", w.column, w.problem.code(), w.value)
    };
    row.warnings.iter().map(word).collect()
}
