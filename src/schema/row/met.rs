//! What a row that is only looked at has met: which columns there are, also where their cells are empty.

use std::collections::BTreeSet;

use crate::schema::column::{Schema, Slot};

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

    pub(super) fn other(&mut self, name: &str) {
        if !self.others.contains(name) {
            self.others.insert(name.to_owned());
        }
    }
}
