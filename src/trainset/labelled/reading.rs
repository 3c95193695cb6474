//! Converts events into labelled rows.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::rows::{Corrected, Labelled, content};
use crate::schema::column::Label;
use crate::schema::row::Purpose;
use crate::schema::{Row, Schema, Table};
use crate::store::event::{Event, Record, StoredRow};
use crate::store::labels::StoredLabel;

/// A read in progress.
pub struct Reading {
    /// Labels up to this event are not new.
    seq: u64,
    row: Row,
    table: Table,
    corrected: Vec<Corrected>,
    ids: Sha256,
    left_out: usize,
}

impl Reading {
    /// A read of the labels that arrived after event `seq`.
    pub fn new(schema: &Arc<Schema>, seq: u64) -> Reading {
        Reading {
            seq,
            row: Row::new(schema, Purpose::Learn),
            table: Table::new(schema.clone()),
            corrected: Vec::new(),
            ids: Sha256::new(),
            left_out: 0,
        }
    }

    /// Adds an event with the labels of its row: `stored` is the current label, `before` the one before a correction, if any.
    ///
    /// A row is labelled as of the later of its own event and its label's event. The last submitted label is valid, even for
    /// a row that was submitted with a label.
    pub fn take(
        &mut self,
        record: &Record<'_>,
        stored: Option<&StoredLabel>,
        before: Option<&Label>,
    ) {
        let (row, own) = match &record.event {
            Event::Prediction(prediction) => (&prediction.row, None),
            Event::Row(row) => (&row.row, row.label.as_deref()),
            _ => return,
        };
        let moment = stored.map_or(0, |stored| stored.seq).max(record.seq);
        let Some(label) = stored.map(|stored| &stored.label).or(own) else {
            return;
        };
        if moment <= self.seq {
            return;
        }
        let is_old = record.seq <= self.seq;
        match before.or(own).filter(|_| is_old) {
            None => self.push(&record.id.to_string(), row, label),
            Some(before) if before != label => self.correct(row, label),
            Some(_) => {} // it is again what it was
        }
    }

    fn push(&mut self, id: &str, row: &StoredRow<'_>, label: &Label) {
        if !self.read(row, label) || self.table.push(&self.row).is_err() {
            self.left_out += 1;
            return;
        }
        self.ids.update((id.len() as u64).to_le_bytes());
        self.ids.update(id);
    }

    fn correct(&mut self, row: &StoredRow<'_>, label: &Label) {
        if !self.read(row, label) {
            return; // it was left out before, too
        }
        let schema = self.table.schema();
        self.corrected.push(Corrected {
            content: content(schema, self.row.view()),
            positive: schema.target().positive == *label,
        });
    }

    /// Whether the row keeps the contract; it is this reading's row then.
    fn read(&mut self, row: &StoredRow<'_>, label: &Label) -> bool {
        row.read_labelled(self.table.schema(), label, &mut self.row);
        self.row.faults.is_empty()
    }

    /// The labelled rows; `through` is the last event that was read.
    pub fn finish(self, through: u64) -> Labelled {
        Labelled {
            table: self.table,
            corrected: self.corrected,
            through,
            digest: hex::encode(self.ids.finalize()),
            left_out: self.left_out,
        }
    }
}
