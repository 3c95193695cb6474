//! One row: its cells, its faults and warnings, and the purpose it is read for. The submodule `admit` puts values into it.

mod admit;
mod as_it_came;
mod met;
pub mod raw;
mod reason;
mod refused;
mod stored;

use super::cell::Cell;
use super::column::Schema;
use super::fault::{Fault, Problem};
pub use super::value::Value;
use super::warnings::Warning;
pub use met::Met;
use raw::Raw;
pub use reason::{allowed_labels, unknown_column};
use refused::Refused;

/// What a row is read for, which decides how the target and unknown values are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// For a prediction: a target is ignored with a warning.
    Predict,
    /// For training or evaluation: a target is required.
    Learn,
    /// For storing: a target is optional.
    Keep,
    /// For inferring the schema of a table without a spec: values are stored unchanged, nothing is rejected.
    Infer,
    /// For comparing tables as they are: only values that do not parse are rejected, and unknown columns are ignored.
    Look,
}

/// A row, while it is being decoded and afterwards. It is reused for row after row, so that decoding stops allocating
/// after the first few.
#[derive(Clone, Debug)]
pub struct Row {
    cells: Vec<Cell>,
    text: String,
    id: Cell,
    by: Cell,
    target: Option<bool>,
    purpose: Purpose,
    refused: Refused,
    /// For each column of the schema, whether it occurred in any row since this value was created.
    seen: Vec<bool>,
    /// Present only for [`Purpose::Look`].
    met: Option<Box<Met>>,
    /// Present only for [`Purpose::Infer`].
    raw: Option<Box<Raw>>,
    /// All faults of the row; a row with faults must not be used.
    pub faults: Vec<Fault>,
    /// Unusual values that do not make the row invalid.
    pub warnings: Vec<Warning>,
}

/// A checked row, borrowed: cells in the schema's order and the text that their spans point into.
#[derive(Clone, Copy, Debug)]
pub struct RowView<'a> {
    /// One cell per feature column.
    pub cells: &'a [Cell],
    /// The text that spans point into.
    pub text: &'a str,
    /// The row's group (text) or time (a number), if the schema names a column for it.
    pub by: Cell,
}

impl Row {
    /// An empty row of the schema.
    pub fn new(schema: &Schema, purpose: Purpose) -> Row {
        Row {
            cells: vec![Cell::Missing; schema.columns().len()],
            text: String::new(),
            id: Cell::Missing,
            by: Cell::Missing,
            target: None,
            purpose,
            refused: Refused::default(),
            seen: vec![false; schema.columns().len()],
            met: (purpose == Purpose::Look).then(|| Box::new(Met::new(schema))),
            raw: (purpose == Purpose::Infer).then(Box::default),
            faults: Vec::new(),
            warnings: Vec::new(),
        }
    }

    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Empties the row for reuse; the columns recorded as seen stay.
    pub fn clear(&mut self) {
        self.cells.fill(Cell::Missing);
        self.text.clear();
        self.id = Cell::Missing;
        self.by = Cell::Missing;
        self.target = None;
        self.refused.clear();
        if let Some(raw) = &mut self.raw {
            raw.clear();
        }
        self.faults.clear();
        self.warnings.clear();
    }

    pub fn view(&self) -> RowView<'_> {
        RowView {
            cells: &self.cells,
            text: &self.text,
            by: self.by,
        }
    }

    /// The id's value: missing, a number or text.
    pub fn id(&self) -> Cell {
        self.id
    }

    pub fn id_text(&self) -> Option<String> {
        self.id.id_text(&self.text)
    }

    /// The target: whether the row has the positive label. `None` if it has none or the purpose ignores it.
    pub fn target(&self) -> Option<bool> {
        self.target
    }

    /// For each column of the schema, whether it occurred since this row was created, even with empty cells.
    pub fn seen(&self) -> &[bool] {
        &self.seen
    }

    /// The unchecked values; `None` unless the row is read for [`Purpose::Infer`].
    pub fn raw(&self) -> Option<&Raw> {
        self.raw.as_deref()
    }

    /// The text that the spans of [`Row::raw`] point into.
    pub fn raw_text(&self) -> &str {
        &self.text
    }

    /// The columns that occurred; `None` unless the row is read for [`Purpose::Look`].
    pub fn met(&self) -> Option<&Met> {
        self.met.as_deref()
    }

    /// Whether the input was not a row at all, such as a list element that is not an object.
    pub fn is_no_row(&self) -> bool {
        self.faults.iter().any(|f| f.problem == Problem::NotARow)
    }

    /// Number of values that are not of their column's kind.
    pub fn unreadable(&self) -> u64 {
        let wrong = |f: &&Fault| f.problem == Problem::WrongType;
        self.faults.iter().filter(wrong).count() as u64
    }
}

#[cfg(test)]
mod kinds;
#[cfg(test)]
mod tests;
