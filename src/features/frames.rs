//! The training rows of a recipe while it is fitted.
//!
//! The input cells stay in the table. The outputs of the steps are computed again for each use, because all of them together would
//! be several times the size of the table.

use super::frame::Frame;
use super::step::Step;
use crate::schema::{Cell, Table};

/// The rows that a recipe is fitted on.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// None if a spec is checked without data.
    table: Option<&'a Table>,
    /// The places of the rows in the table.
    places: &'a [usize],
    /// One label per row.
    pub labels: &'a [bool],
    /// Number of input columns.
    inputs: usize,
}

impl<'a> Rows<'a> {
    pub fn new(table: &'a Table, places: &'a [usize], labels: &'a [bool]) -> Rows<'a> {
        Rows {
            table: Some(table),
            places,
            labels,
            inputs: table.schema().columns().len(),
        }
    }

    /// No rows of a table of so many columns.
    pub fn none(inputs: usize) -> Rows<'static> {
        Rows {
            table: None,
            places: &[],
            labels: &[],
            inputs,
        }
    }

    fn text(self) -> &'a str {
        self.table.map_or("", Table::text)
    }

    /// The rows with the outputs of these steps, which were fitted on them.
    pub fn frames<S: Step>(self, steps: &'a [S]) -> Frames<'a> {
        Frames {
            rows: self,
            steps: steps.iter().map(|step| step as &dyn Step).collect(),
        }
    }
}

/// The rows of a recipe with the outputs of the steps that are fitted.
#[derive(Debug)]
pub struct Frames<'a> {
    rows: Rows<'a>,
    steps: Vec<&'a dyn Step>,
}

impl<'a> Frames<'a> {
    pub fn len(&self) -> usize {
        self.rows.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.places.is_empty()
    }

    /// The text that the spans of the cells point into.
    pub fn text(&self) -> &'a str {
        self.rows.text()
    }

    /// The cells of a slot, one per row.
    pub fn cells(&self, slot: usize) -> impl Iterator<Item = Cell> {
        let mut of_row = RowOutputs::new(self, &[slot]);
        (0..self.len()).map(move |row| of_row.frame(row).cell(slot))
    }

    /// Calls `visit` with the frame of each row and the row's place among the rows. Only `slots` are sure to have their cells.
    pub fn each(&self, slots: &[usize], mut visit: impl FnMut(&mut Frame<'_>, usize)) {
        let mut of_row = RowOutputs::new(self, slots);
        (0..self.len()).for_each(|row| visit(&mut of_row.frame(row), row));
    }
}

/// Computes some slots of one row after the other.
struct RowOutputs<'f> {
    rows: Rows<'f>,
    /// The input columns that are needed.
    inputs: Vec<usize>,
    /// The steps up to the last that is needed: how many outputs each has, and whether it is needed itself.
    steps: Vec<(&'f dyn Step, usize, bool)>,
    cells: Vec<Cell>,
    key: Vec<u8>,
}

impl<'f> RowOutputs<'f> {
    fn new(frames: &'f Frames<'f>, slots: &[usize]) -> RowOutputs<'f> {
        let rows = frames.rows;
        let are_inputs = slots.iter().all(|slot| *slot < rows.inputs);
        let fitted: &[&dyn Step] = if are_inputs { &[] } else { &frames.steps };
        let reaches: Vec<(Vec<usize>, usize)> = fitted.iter().map(|step| step.reach()).collect();
        let outputs: usize = reaches.iter().map(|(_, outputs)| outputs).sum();
        let mut wanted = vec![false; rows.inputs + outputs];
        slots.iter().for_each(|slot| wanted[*slot] = true);
        let mut end = wanted.len();
        let mut steps: Vec<(&dyn Step, usize, bool)> = Vec::new();
        for (step, (reads, outputs)) in fitted.iter().zip(reaches).rev() {
            let is_needed = wanted[end - outputs..end].contains(&true);
            if is_needed {
                reads.into_iter().for_each(|slot| wanted[slot] = true);
            }
            if is_needed || !steps.is_empty() {
                steps.push((*step, outputs, is_needed));
            }
            end -= outputs;
        }
        steps.reverse();
        RowOutputs {
            rows,
            inputs: (0..rows.inputs).filter(|slot| wanted[*slot]).collect(),
            steps,
            cells: vec![Cell::Missing; rows.inputs],
            key: Vec::new(),
        }
    }

    fn frame(&mut self, row: usize) -> Frame<'_> {
        self.cells.truncate(self.rows.inputs);
        if let Some(table) = self.rows.table {
            for input in &self.inputs {
                self.cells[*input] = table.cell(self.rows.places[row], *input);
            }
        }
        let mut frame = Frame {
            cells: &mut self.cells,
            text: self.rows.text(),
            key: &mut self.key,
        };
        for (step, outputs, is_needed) in &self.steps {
            match is_needed {
                true => step.apply_to_training_row(&mut frame, row, self.rows.labels[row]),
                false => {
                    let end = frame.cells.len() + outputs;
                    frame.cells.resize(end, Cell::Missing);
                }
            }
        }
        frame
    }
}
