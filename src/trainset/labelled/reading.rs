//! Converts events into labelled rows.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::rows::{Corrected, Labelled, content};
use crate::schema::column::Label;
use crate::schema::row::Purpose;
use crate::schema::{Row, Schema, Table, json as rows};
use crate::store::Record;
use crate::store::kind::Kind;
use crate::store::labels::Truth;

/// The body of a prediction event or a row event.
#[derive(Deserialize)]
struct Body {
    row: serde_json::Map<String, Value>,
    /// In a row event, the label submitted with the row, if any; in a prediction event, the predicted label.
    label: Option<Label>,
}

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

    /// Adds an event with the labels of its row: `truth` is the current label, `before` the one before a correction, if any.
    ///
    /// A row is labelled as of the later of its own event and its label's event. The last submitted label is valid, even for
    /// a row that was submitted with a label.
    pub fn take(&mut self, record: &Record<'_>, truth: Option<&Truth>, before: Option<&Label>) {
        let moment = truth.map_or(0, |truth| truth.seq).max(record.seq);
        let may_have_one = truth.is_some() || record.kind == Kind::Row;
        let has_row = matches!(record.kind, Kind::Prediction | Kind::Row);
        if !has_row || !may_have_one || moment <= self.seq {
            return;
        }
        let Ok(body) = serde_json::from_slice::<Body>(record.body) else {
            self.left_out += 1;
            return;
        };
        let own = body.label.filter(|_| record.kind == Kind::Row);
        let Some(label) = truth.map(|truth| &truth.label).or(own.as_ref()) else {
            return;
        };
        let is_old = record.seq <= self.seq;
        match before.or(own.as_ref()).filter(|_| is_old) {
            None => self.push(record.id, body.row, label),
            Some(before) if before != label => self.correct(body.row, label),
            Some(_) => {} // it is again what it was
        }
    }

    fn push(&mut self, id: &str, row: serde_json::Map<String, Value>, label: &Label) {
        if !self.read(row, label) || self.table.push(&self.row).is_err() {
            self.left_out += 1;
            return;
        }
        self.ids.update((id.len() as u64).to_le_bytes());
        self.ids.update(id);
    }

    fn correct(&mut self, row: serde_json::Map<String, Value>, label: &Label) {
        if !self.read(row, label) {
            return; // it was left out before, too
        }
        let schema = self.table.schema();
        self.corrected.push(Corrected {
            content: content(schema, self.row.view()),
            positive: schema.target().positive == *label,
        });
    }

    /// Parses the row into `self.row`; returns whether it satisfies the table contract.
    fn read(&mut self, mut row: serde_json::Map<String, Value>, label: &Label) -> bool {
        let schema = self.table.schema().clone();
        row.insert(schema.target().column.clone(), json!(label));
        let text = Value::Object(row).to_string();
        rows::line(&schema, text.as_bytes(), &mut self.row).is_ok() && self.row.faults.is_empty()
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
