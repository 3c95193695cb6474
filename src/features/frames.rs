//! The training rows of a recipe while it is fitted.
//!
//! The input cells stay in the table; what the steps made of them so far is kept by slot, numbers in eight bytes. A copy of
//! all cells of a row for each row would be several times the size of the table.

use super::frame::Frame;
use crate::schema::{Cell, Table};

/// Some rows of a table, with the outputs of the steps so far.
#[derive(Debug)]
pub struct Frames<'a> {
    /// None if a spec is checked without data.
    table: Option<&'a Table>,
    /// The rows, as indices into the table.
    rows: &'a [usize],
    /// Number of input columns.
    inputs: usize,
    outputs: Vec<Output>,
}

/// The values of one slot, one per row.
#[derive(Debug)]
enum Output {
    /// NaN where missing: a number cell never is.
    Numbers(Vec<f64>),
    Cells(Vec<Cell>),
}

impl Output {
    fn cell(&self, row: usize) -> Cell {
        match self {
            Output::Numbers(numbers) => Cell::number(numbers[row]),
            Output::Cells(cells) => cells[row],
        }
    }

    fn push(&mut self, cell: Cell) {
        match self {
            Output::Numbers(numbers) => numbers.push(cell.as_number().unwrap_or(f64::NAN)),
            Output::Cells(cells) => cells.push(cell),
        }
    }
}

impl<'a> Frames<'a> {
    pub fn new(table: &'a Table, rows: &'a [usize]) -> Frames<'a> {
        Frames {
            table: Some(table),
            rows,
            inputs: table.schema().columns().len(),
            outputs: Vec::new(),
        }
    }

    /// No rows of a table of so many columns.
    pub fn none(inputs: usize) -> Frames<'static> {
        Frames {
            table: None,
            rows: &[],
            inputs,
            outputs: Vec::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The text that the spans of the cells point into.
    pub fn text(&self) -> &'a str {
        self.table.map_or("", Table::text)
    }

    /// The cells of a slot, one per row.
    pub fn cells(&self, slot: usize) -> impl Iterator<Item = Cell> {
        (0..self.len()).map(move |row| self.cell(row, slot))
    }

    fn cell(&self, row: usize, slot: usize) -> Cell {
        match slot.checked_sub(self.inputs) {
            Some(output) => self.outputs[output].cell(row),
            None => self
                .table
                .map_or(Cell::Missing, |table| table.cell(self.rows[row], slot)),
        }
    }

    /// Calls `visit` with the frame of each row and the row's place among the rows. Only `slots` have their cells.
    pub fn each(&self, slots: &[usize], mut visit: impl FnMut(&mut Frame<'_>, usize)) {
        let width = self.inputs + self.outputs.len();
        let (mut cells, mut key) = (vec![Cell::Missing; width], Vec::new());
        for row in 0..self.len() {
            cells.truncate(width);
            slots
                .iter()
                .for_each(|slot| cells[*slot] = self.cell(row, *slot));
            let mut frame = Frame {
                cells: &mut cells,
                text: self.text(),
                key: &mut key,
            };
            visit(&mut frame, row);
        }
    }

    /// Adds the outputs of a step, which `apply` pushes on the frame of each row, in which only the slots that it `reads` have their
    /// cells; `numbers` says of each output whether it is a number.
    pub fn extend(
        &mut self,
        numbers: &[bool],
        reads: &[usize],
        mut apply: impl FnMut(&mut Frame<'_>, usize),
    ) {
        let output = |is_number: &bool| match is_number {
            true => Output::Numbers(Vec::with_capacity(self.len())),
            false => Output::Cells(Vec::with_capacity(self.len())),
        };
        let mut outputs: Vec<Output> = numbers.iter().map(output).collect();
        let width = self.inputs + self.outputs.len();
        self.each(reads, |frame, row| {
            apply(frame, row);
            let made = frame.cells[width..].iter().zip(&mut outputs);
            made.for_each(|(cell, output)| output.push(*cell));
        });
        self.outputs.extend(outputs);
    }
}
