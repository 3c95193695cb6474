//! The cells of a row of a table without a spec yet: every column by its name, every value as it came.

use rustc_hash::FxHashMap;

use super::{Row, Value};
use crate::schema::cell::Span;
use crate::schema::column::Slot;

/// A value as it came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RawCell {
    Number(f64),
    Flag(bool),
    /// Text, which may be that of a number.
    Text(Span),
    /// A list or an object.
    Nested,
}

/// Columns seen since the row was made, and the values of the row at hand.
#[derive(Clone, Debug, Default)]
pub struct Raw {
    names: Vec<String>,
    places: FxHashMap<String, usize>,
    cells: Vec<(usize, RawCell)>,
}

impl Raw {
    /// Columns in the order in which they were first seen.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The values that are there, each with the place of its column.
    pub fn cells(&self) -> &[(usize, RawCell)] {
        &self.cells
    }

    pub(super) fn clear(&mut self) {
        self.cells.clear();
    }

    fn slot(&mut self, name: &str) -> Slot {
        if let Some(place) = self.places.get(name) {
            return Slot::Unused(*place);
        }
        let place = self.names.len();
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        Slot::Unused(place)
    }
}

impl Row {
    /// The row as it came; none of a row that is read for a table that is known.
    pub fn raw(&self) -> Option<&Raw> {
        self.raw.as_deref()
    }

    /// The text that the cells of [`Row::raw`] point into.
    pub fn raw_text(&self) -> &str {
        &self.text
    }

    /// The slot of a column of a table without a spec yet.
    pub(in crate::schema) fn raw_slot(&mut self, name: &str) -> Option<Slot> {
        self.raw.as_mut().map(|raw| raw.slot(name))
    }

    /// Keeps a value as it came; false where the row is read for a table that is known.
    pub(in crate::schema) fn put_raw(&mut self, slot: Slot, value: Value<'_>) -> bool {
        if self.raw.is_none() {
            return false;
        }
        let cell = match value {
            Value::Missing => return true,
            Value::Number(v) => RawCell::Number(v),
            Value::Flag(v) => RawCell::Flag(v),
            Value::Nested(_) => RawCell::Nested,
            Value::Text(text) => RawCell::Text(self.keep_span(text)),
        };
        if let (Some(raw), Slot::Unused(place)) = (&mut self.raw, slot) {
            raw.cells.push((place, cell));
        }
        true
    }
}
