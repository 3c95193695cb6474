//! The rows of one body and their predictions, before they are written in the format of the response.

use crate::model::Model;
use crate::schema::{Fault, LeftOut, Row, Table};
use crate::serve::predictor::{PredictedTable, Warnings};
use crate::serve::problem::{Entry, Faults};
use crate::serve::row_reader::RowSink;

/// Maximum number of faults listed in a partial response. It is high because the client needs the faults of every row.
const MOST_PARTIAL: usize = 10_000;

/// The rows of a body, parsed and checked.
pub struct Rows {
    pub table: Table,
    /// Warnings of the valid rows.
    pub warnings: Warnings,
    /// For each row read, its index in the table; none for an invalid row.
    pub places: Vec<Option<usize>>,
    /// Faults of the invalid rows.
    pub faults: Faults,
    /// The invalid rows in order, for a partial response that has one line per row.
    pub bad: Option<Vec<LeftOut>>,
}

/// Rows with their predictions.
pub struct Answered {
    /// The valid rows.
    pub predicted: PredictedTable,
    /// For each row read, its index among the predicted rows; none for an invalid row.
    pub places: Vec<Option<usize>>,
    /// The invalid rows, as [`Rows::bad`].
    pub bad: Option<Vec<LeftOut>>,
    /// Faults by row, for a partial response.
    pub errors: Vec<Entry>,
}

impl Rows {
    pub fn new(model: &Model, partial: bool) -> Rows {
        Rows {
            table: Table::new(model.schema().clone()),
            warnings: Vec::new(),
            places: Vec::new(),
            faults: if partial {
                Faults::listing(MOST_PARTIAL)
            } else {
                Faults::default()
            },
            bad: None,
        }
    }
}

impl RowSink for Rows {
    fn row(&mut self, row: &mut Row, line: Option<u64>) {
        if !row.faults.is_empty() {
            let pointer = format!("/{}", self.places.len());
            self.faults.row(&row.faults, &pointer, line);
            if let Some(bad) = &mut self.bad {
                bad.push(LeftOut::take(row));
            }
            return self.places.push(None);
        }
        let place = self.table.len();
        self.table
            .push(row)
            .expect("a body is far smaller than the text a table takes");
        if !row.warnings.is_empty() {
            self.warnings
                .push((place, std::mem::take(&mut row.warnings)));
        }
        self.places.push(Some(place));
    }

    fn header(&mut self, faults: &[Fault], rows: usize) {
        self.faults = Faults::listing(0);
        (0..rows).for_each(|_| self.faults.row(faults, "", None));
    }
}
