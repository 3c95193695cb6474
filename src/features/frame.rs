//! The cells of one row while a recipe is applied to it.

use crate::schema::Cell;

/// The input cells, followed by the steps' outputs in order. Text cells point into the row's own text.
#[derive(Debug)]
pub struct Frame<'a> {
    /// Input cells and the outputs pushed so far.
    pub cells: &'a mut Vec<Cell>,
    pub text: &'a str,
    /// Buffer for a lookup key, reused from row to row.
    pub key: &'a mut Vec<u8>,
}

impl Frame<'_> {
    pub fn cell(&self, slot: usize) -> Cell {
        self.cells[slot]
    }

    pub fn push(&mut self, cell: Cell) {
        self.cells.push(cell);
    }

    /// Appends a number; NaN becomes missing, an infinity the largest finite number of its sign.
    pub fn push_number(&mut self, value: f64) {
        self.cells.push(Cell::number(value));
    }

    /// Appends 1 or 0.
    pub fn push_flag(&mut self, value: bool) {
        self.cells.push(Cell::Number(f64::from(u8::from(value))));
    }
}
