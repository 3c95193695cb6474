//! The rows of one body with their answers, before they are written in its format.

use crate::model::Model;
use crate::schema::{Fault, Row, Table, Warning};
use crate::serve::problem::{Entry, Faults};
use crate::serve::row_reader::RowSink;
use crate::store::feed::PredictionId;

/// Faults told of one partial answer: whoever asked for it wants to know of every row, within reason.
const MOST_PARTIAL: usize = 10_000;

/// The rows of a body, read and checked.
pub struct Rows {
    /// The good ones.
    pub table: Table,
    /// Warnings of the good ones that have any, by their place in the table.
    pub warnings: Vec<(usize, Vec<Warning>)>,
    /// Where each row read is in the table; none for a bad one.
    pub places: Vec<Option<usize>>,
    /// Faults of the bad ones.
    pub faults: Faults,
    /// The bad ones as a partial response in lines has them, in their order.
    pub bad: Option<Vec<Bad>>,
}

/// A bad row of a response that has a line for each.
pub struct Bad {
    /// Its own id, if it has one.
    pub id: Option<String>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

/// Rows with their answers.
pub struct Answered {
    /// The rows.
    pub rows: Rows,
    /// Probabilities of the good ones.
    pub probabilities: Vec<f64>,
    /// Ids of the good ones; none of a trial.
    pub ids: Vec<PredictionId>,
    /// Faults by row, where the answer is partial.
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

    /// Warnings of a good row.
    pub fn warnings_of(&self, place: usize) -> &[Warning] {
        match self
            .warnings
            .binary_search_by_key(&place, |(place, _)| *place)
        {
            Ok(at) => &self.warnings[at].1,
            Err(_) => &[],
        }
    }
}

impl RowSink for Rows {
    fn row(&mut self, row: &mut Row, line: Option<u64>) {
        if !row.faults.is_empty() {
            let pointer = format!("/{}", self.places.len());
            self.faults.row(&row.faults, &pointer, line);
            if let Some(bad) = &mut self.bad {
                bad.push(Bad {
                    id: row.id_text(),
                    faults: std::mem::take(&mut row.faults),
                });
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
