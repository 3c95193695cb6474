//! From events to labelled rows.

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

/// What a prediction's or a row's event says.
#[derive(Deserialize)]
struct Body {
    row: serde_json::Map<String, Value>,
    /// Of a row, its truth where it brought it; of a prediction, what was answered.
    label: Option<Label>,
}

/// A reading under way.
pub struct Reading {
    /// What came up to this event is known.
    seq: u64,
    row: Row,
    table: Table,
    corrected: Vec<Corrected>,
    ids: Sha256,
    left_out: usize,
}

impl Reading {
    /// Of what came after event `seq`.
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

    /// Takes an event, with what was told of its truth: `truth` as it is now, `before` as it was where it was corrected since.
    ///
    /// A row has its truth once both are there: the later of the two events is the moment. What was told last is the truth,
    /// also of a row that brought one.
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

    /// Whether the row keeps the contract; it is this reading's row then.
    fn read(&mut self, mut row: serde_json::Map<String, Value>, label: &Label) -> bool {
        let schema = self.table.schema().clone();
        row.insert(schema.target().column.clone(), json!(label));
        let text = Value::Object(row).to_string();
        rows::line(&schema, text.as_bytes(), &mut self.row).is_ok() && self.row.faults.is_empty()
    }

    /// What was read, `through` being the last event.
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
