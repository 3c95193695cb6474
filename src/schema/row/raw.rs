//! The cells of a row of a table without a spec yet: every column by its name, every value as it came.

use rustc_hash::FxHashMap;

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

    pub(super) fn push(&mut self, place: usize, cell: RawCell) {
        self.cells.push((place, cell));
    }

    pub(super) fn slot(&mut self, name: &str) -> Slot {
        if let Some(place) = self.places.get(name) {
            return Slot::Unused(*place);
        }
        let place = self.names.len();
        self.names.push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        Slot::Unused(place)
    }
}
