//! One row: its cells, what is wrong with it, and how it is read. How values come into it: `admit`.

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

/// What a row is read for: it decides how the target is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be answered: a target is ignored, with a warning.
    Predict,
    /// To learn or evaluate from: a target is required.
    Learn,
    /// To be kept: a target may be there.
    Keep,
    /// To learn what the table is: nothing is known of it, nothing is rejected.
    Infer,
    /// To be compared with others, as it is: nothing is refused but what does not parse, unknown columns are passed over.
    Look,
}

/// A row under construction and after it; reused from row to row, so that decoding allocates nothing once warm.
#[derive(Clone, Debug)]
pub struct Row {
    cells: Vec<Cell>,
    text: String,
    id: Cell,
    by: Cell,
    target: Option<bool>,
    purpose: Purpose,
    refused: Refused,
    /// Columns met since the row was made, in whatever rows went through it.
    seen: Vec<bool>,
    /// Kept of a row that is only looked at.
    met: Option<Box<Met>>,
    /// Kept of a row whose table is not known.
    raw: Option<Box<Raw>>,
    /// All that is wrong with it; a row with faults must not be used.
    pub faults: Vec<Fault>,
    /// What is odd about it.
    pub warnings: Vec<Warning>,
}

/// A checked row, borrowed: cells in the schema's order and the text they point into.
#[derive(Clone, Copy, Debug)]
pub struct RowView<'a> {
    /// One cell a feature column.
    pub cells: &'a [Cell],
    /// Text of the spans.
    pub text: &'a str,
    /// The row's group (text) or time (a number), where the schema has a column for it.
    pub by: Cell,
}

impl Row {
    /// An empty row of `schema`.
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

    /// What it is read for.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Makes it empty again.
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

    /// The id as text, if there is one.
    pub fn id_text(&self) -> Option<String> {
        match self.id {
            Cell::Number(v) => Some(v.to_string()),
            Cell::Text(span) => Some(span.get(&self.text).to_owned()),
            _ => None,
        }
    }

    /// The target, where the row's purpose admits one.
    pub fn target(&self) -> Option<bool> {
        self.target
    }

    /// Which of the schema's columns it has met since it was made, also where their cells are empty.
    pub fn seen(&self) -> &[bool] {
        &self.seen
    }

    /// The row as it came; none of a row that is read for a table that is known.
    pub fn raw(&self) -> Option<&Raw> {
        self.raw.as_deref()
    }

    /// The text that the cells of [`Row::raw`] point into.
    pub fn raw_text(&self) -> &str {
        &self.text
    }

    /// What it has met; none of a row that is read for more than to be looked at.
    pub fn met(&self) -> Option<&Met> {
        self.met.as_deref()
    }

    /// Whether what was read is no row at all.
    pub fn is_no_row(&self) -> bool {
        self.faults.iter().any(|f| f.problem == Problem::NotARow)
    }

    /// How many of its values are not of their column's kind.
    pub fn unreadable(&self) -> u64 {
        let wrong = |f: &&Fault| f.problem == Problem::WrongType;
        self.faults.iter().filter(wrong).count() as u64
    }
}

#[cfg(test)]
mod kinds;
#[cfg(test)]
mod tests;
