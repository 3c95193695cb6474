//! Collects the faults of rows for one problem document: all faults are counted, the first ones are listed.

use std::collections::BTreeMap;

use super::entry::Entry;
use super::{Problem, kind};
use crate::schema::Fault;
use crate::schema::fault;

/// Maximum faults that a problem document lists; the rest is only counted. A longer list would help no client.
pub const MOST_LISTED: usize = 100;

/// The faults of the rows of one request body.
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
    /// An empty collection that will list at most `most` faults.
    pub fn listing(most: usize) -> Faults {
        Faults {
            listed: Vec::new(),
            most,
            all: 0,
            rows: 0,
            columns: BTreeMap::new(),
        }
    }

    /// Adds the faults of one row. `row` is the JSON pointer to the row, `line` its line in a text table.
    pub fn row(&mut self, faults: &[Fault], row: &str, line: Option<u64>) {
        self.rows += 1;
        self.all += faults.len();
        for fault in faults {
            // Clients can send any number of unknown names, so these are counted together.
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

    pub fn is_empty(&self) -> bool {
        self.all == 0
    }

    /// Number of rows that have faults.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of faults per column. Faults of no column or of an unknown column count under the empty name.
    pub fn by_column(&self) -> impl Iterator<Item = (&str, u64)> {
        self.columns
            .iter()
            .map(|(column, count)| (&**column, *count))
    }

    pub fn into_listed(self) -> Vec<Entry> {
        self.listed
    }

    /// The problem document of the faults. `rows` is the number of rows that were read.
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
