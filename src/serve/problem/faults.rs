//! Faults of rows on their way into one document: all counted, the first listed.

use std::collections::BTreeMap;

use super::entry::Entry;
use super::{Problem, kind};
use crate::schema::Fault;
use crate::schema::fault;

/// Faults one document lists; the rest is counted. Nobody mends more at a time.
pub const MOST_LISTED: usize = 100;

/// Faults of the rows of one body.
#[derive(Debug)]
pub struct Faults {
    listed: Vec<Entry>,
    most: usize,
    all: usize,
    rows: usize,
    columns: BTreeMap<String, u64>,
}

impl Default for Faults {
    fn default() -> Self {
        Faults::listing(MOST_LISTED)
    }
}

impl Faults {
    /// None yet; `most` will be listed.
    pub fn listing(most: usize) -> Faults {
        Faults {
            listed: Vec::new(),
            most,
            all: 0,
            rows: 0,
            columns: BTreeMap::new(),
        }
    }

    /// Takes the faults of one row. `row` is the pointer to it, `line` its line in a table of text.
    pub fn row(&mut self, faults: &[Fault], row: &str, line: Option<u64>) {
        self.rows += 1;
        self.all += faults.len();
        for fault in faults {
            // Names that no column has are whatever a caller writes.
            let column = match fault.problem {
                fault::Problem::UnknownColumn => "",
                _ => &fault.column,
            };
            match self.columns.get_mut(column) {
                Some(count) => *count += 1,
                None => _ = self.columns.insert(column.into(), 1),
            }
        }
        let room = self.most - self.listed.len();
        self.listed.extend(
            faults
                .iter()
                .take(room)
                .map(|fault| Entry::of(fault, row, line)),
        );
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all == 0
    }

    /// Rows that have any.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many there are of each column; of no column, and of columns the table has not: of the empty name.
    pub fn by_column(&self) -> impl Iterator<Item = (&str, u64)> {
        self.columns
            .iter()
            .map(|(column, count)| (&**column, *count))
    }

    /// The faults listed.
    pub fn into_listed(self) -> Vec<Entry> {
        self.listed
    }

    /// The document; `rows` is how many were read.
    pub fn into_problem(self, rows: usize) -> Problem {
        let Faults {
            listed,
            all,
            rows: faulty,
            ..
        } = self;
        let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let mut detail = format!(
            "{} in {faulty} of {}",
            count(all, "fault"),
            count(rows, "row")
        );
        if all > listed.len() {
            detail.push_str(&format!("; the first {} are listed", listed.len()));
        }
        Problem::new(&kind::INVALID, detail).with(listed)
    }
}
