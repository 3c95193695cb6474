//! Text cells (CSV, TSV) into a row: what is missing, and what the text of a number may look like.

use super::column::{Kind, Schema, Slot};
use super::fault::{Fault, Problem};
use super::row::{Row, Value, unknown_column};

/// Texts that mean "nothing there" in a table of text, beside the empty cell.
pub const MISSING: [&str; 3] = ["NA", "NaN", "null"];

/// Header of a table of text, resolved against a schema: one slot a column of the file.
#[derive(Clone, Debug)]
pub struct Header(Vec<Slot>);

impl Header {
    /// Resolves the names of the first line.
    ///
    /// # Errors
    /// Every unknown name, every name that stands twice, and every required column that is not there.
    pub fn resolve<'a>(
        schema: &Schema,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<Header, HeaderFault> {
        let mut slots = Vec::new();
        let mut faults = Vec::new();
        for name in names {
            match schema.slot(name) {
                Some(slot) if slots.contains(&slot) => {
                    return Err(HeaderFault::Twice(name.to_owned()));
                }
                Some(slot) => slots.push(slot),
                None => faults.push(unknown_column(schema, name, "")),
            }
        }
        for (i, column) in schema.columns().iter().enumerate() {
            if column.required && !slots.contains(&Slot::Column(i)) {
                faults.push(Fault {
                    column: column.name.clone(),
                    problem: Problem::Missing,
                    got: String::new(),
                    allowed: column.allowed(),
                    remedy: "the column is required".into(),
                });
            }
        }
        if faults.is_empty() {
            Ok(Header(slots))
        } else {
            Err(HeaderFault::Columns(faults))
        }
    }

    /// Slots in the order of the file.
    pub fn slots(&self) -> &[Slot] {
        &self.0
    }

    /// Whether a slot is among them.
    pub fn has(&self, slot: Slot) -> bool {
        self.0.contains(&slot)
    }
}

/// A first line that cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum HeaderFault {
    /// A name stands twice: which of the two is meant cannot be known.
    #[error("the column {0:?} stands twice in the header; keep one of them")]
    Twice(String),
    /// Names that do not fit the schema.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Columns(Vec<Fault>),
}

/// Reads one line of text cells into `row`, which is cleared first.
pub fn read<'a>(
    schema: &Schema,
    header: &Header,
    cells: impl IntoIterator<Item = &'a str>,
    row: &mut Row,
) {
    row.clear();
    for (slot, text) in header.slots().iter().zip(cells) {
        put(schema, *slot, text, row);
    }
    row.finish(schema);
}

/// Admits one text cell.
pub fn put(schema: &Schema, slot: Slot, text: &str, row: &mut Row) {
    if text.is_empty() || MISSING.contains(&text) {
        row.put(schema, slot, Value::Missing);
        return;
    }
    let number_column = match slot {
        Slot::Column(i) => {
            Some(&schema.columns()[i]).filter(|c| matches!(c.kind, Kind::Number { .. }))
        }
        _ => None,
    };
    match number_column {
        None => row.put(schema, slot, Value::Text(text)),
        Some(column) => match number(text) {
            Some(v) => row.put(schema, slot, Value::Number(v)),
            None => {
                let remedy = "leave the cell empty where the number is not known".into();
                row.fault(column, Problem::WrongType, format!("{text:?}"), remedy);
            }
        },
    }
}

/// A decimal number, blanks around it allowed. "inf" and "nan" are words, not numbers; 1e400 is out of f64.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let decimal = |b: u8| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E');
    let value = text
        .bytes()
        .all(decimal)
        .then(|| text.parse::<f64>().ok())??;
    value.is_finite().then_some(value)
}
