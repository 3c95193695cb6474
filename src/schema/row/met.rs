//! The columns that occur in rows read for comparison, even those whose cells are all empty.

use std::collections::BTreeSet;

use crate::schema::column::{Schema, Slot};

/// Columns that occurred in any row since the [`super::Row`] was created.
#[derive(Clone, Debug)]
pub struct Met {
    names: Vec<String>,
    /// One flag per column of the schema, in its order.
    pub columns: Vec<bool>,
    /// Names of the id, the target and columns that the schema does not have.
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
