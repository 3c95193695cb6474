//! What a row that is only looked at has met: which columns there are, also where their cells are empty.

use std::collections::BTreeSet;

use super::Row;
use crate::schema::column::{Schema, Slot};
use crate::schema::fault::Problem;

/// Columns met since the row was made, in whatever rows went through it.
#[derive(Clone, Debug)]
pub struct Met {
    names: Vec<String>,
    /// Which of the schema's columns, in its order.
    pub columns: Vec<bool>,
    /// Id, target, and what the schema does not know, by name.
    pub others: BTreeSet<String>,
}

impl Met {
    pub(super) fn new(schema: &Schema) -> Met {
        Met {
            names: schema.columns().iter().map(|c| c.name.clone()).collect(),
            columns: vec![false; schema.columns().len()],
            others: BTreeSet::new(),
        }
    }

    pub(super) fn slot(&mut self, schema: &Schema, slot: Slot) {
        match slot {
            Slot::Column(i) => self.columns[i] = true,
            Slot::Id | Slot::Target | Slot::Unused(_) => self.other(schema.name(slot)),
            Slot::Other => {}
        }
    }

    pub(super) fn column(&mut self, name: &str) {
        if let Some(place) = self.names.iter().position(|n| n == name) {
            self.columns[place] = true;
        }
    }

    fn other(&mut self, name: &str) {
        if !self.others.contains(name) {
            self.others.insert(name.to_owned());
        }
    }
}

impl Row {
    /// What it has met; none of a row that is read for more than to be looked at.
    pub fn met(&self) -> Option<&Met> {
        self.met.as_deref()
    }

    pub(in crate::schema) fn meet_other(&mut self, name: &str) {
        self.raw_slot(name);
        if let Some(met) = &mut self.met {
            met.other(name);
        }
    }

    /// Whether what was read is no row at all.
    pub fn is_no_row(&self) -> bool {
        self.faults.iter().any(|f| f.problem == Problem::NotARow)
    }

    /// How many of its values are not of their column's kind.
    pub fn unreadable(&self) -> u64 {
        let wrong = |f: &&crate::schema::Fault| f.problem == Problem::WrongType;
        self.faults.iter().filter(wrong).count() as u64
    }
}
