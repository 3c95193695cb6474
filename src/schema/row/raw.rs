//! A row of a table without a spec: every column by name, every value unchanged.

use rustc_hash::FxHashMap;

use crate::schema::cell::Span;
use crate::schema::column::Slot;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RawCell {
    Number(f64),
    Flag(bool),
    /// Text, which may hold a number.
    Text(Span),
    /// A list or an object.
    Nested,
}

/// The columns seen since the row was created, and the values of the current row.
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

    /// The values that are present, each with its column's index in [`Raw::names`].
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
