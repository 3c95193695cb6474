//! Labelled rows of the store: predictions whose truth has come, and rows that brought theirs.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::registry::Registry;
use crate::schema::column::Label;
use crate::schema::row::Purpose;
use crate::schema::{Row, Schema, Table, json as rows};
use crate::store::kind::Kind;
use crate::store::labels::Truth;
use crate::store::{Record, Snapshot, StoreError};

/// Up to which event a version's table holds the store's labelled rows: it stands in the ledger, with the version. A
/// version that was trained on a file alone holds none.
pub fn through(registry: &Registry, name: &str) -> u64 {
    let versions = registry.versions().unwrap_or_default();
    let listed = versions.iter().find(|l| l.version.to_string() == name);
    let evidence = listed.and_then(|listed| listed.evidence.as_ref());
    evidence
        .and_then(|evidence| evidence["through"].as_u64())
        .unwrap_or(0)
}

/// Labelled rows whose truth came after a moment, in the order of their events.
#[derive(Debug)]
pub struct Labelled {
    /// The rows, with their target.
    pub table: Table,
    /// The moment up to which the store was read, as the number of an event.
    pub through: u64,
    /// SHA-256 over the ids, in order: which rows these were.
    pub digest: String,
    /// Rows that this schema does not take any more.
    pub left_out: usize,
}

impl Labelled {
    /// Labelled rows of a store whose truth came after event `seq`. Reads the disk.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn since(
        store: Snapshot<'_>,
        schema: &Arc<Schema>,
        seq: u64,
    ) -> Result<Labelled, StoreError> {
        let truths = store.truths()?;
        let mut reading = Reading {
            row: Row::new(schema, Purpose::Learn),
            table: Table::new(schema.clone()),
            ids: Sha256::new(),
            left_out: 0,
        };
        store.after(0, |record| {
            reading.take(&record, truths.get(record.id), seq);
            true
        })?;
        Ok(Labelled {
            table: reading.table,
            through: store.last()?,
            digest: hex(&reading.ids.finalize()),
            left_out: reading.left_out,
        })
    }
}

/// What a prediction's or a row's event says.
#[derive(Deserialize)]
struct Body {
    row: serde_json::Map<String, Value>,
    /// Of a row, its truth where it brought it; of a prediction, what was answered.
    label: Option<Label>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Reading {
    row: Row,
    table: Table,
    ids: Sha256,
    left_out: usize,
}

impl Reading {
    /// Takes a row whose truth came after event `seq`. A row has its truth once both are there: the later of the two events
    /// is the moment.
    fn take(&mut self, record: &Record<'_>, truth: Option<&Truth>, seq: u64) {
        let is_new = |moment: u64| moment > seq;
        let joined = truth.filter(|truth| is_new(truth.seq.max(record.seq)));
        let may_bring_its_own = record.kind == Kind::Row && is_new(record.seq);
        if !matches!(record.kind, Kind::Prediction | Kind::Row)
            || (joined.is_none() && !may_bring_its_own)
        {
            return;
        }
        let Ok(body) = serde_json::from_slice::<Body>(record.body) else {
            self.left_out += 1;
            return;
        };
        let own = body.label.filter(|_| record.kind == Kind::Row);
        let label = match (own, joined) {
            (Some(own), _) if may_bring_its_own => own,
            (None, Some(truth)) => truth.label.clone(),
            _ => return,
        };
        self.push(record.id, body.row, &label);
    }

    fn push(&mut self, id: &str, mut row: serde_json::Map<String, Value>, label: &Label) {
        let schema = self.table.schema().clone();
        row.insert(schema.target().column.clone(), json!(label));
        let text = Value::Object(row).to_string();
        let read = rows::line(&schema, text.as_bytes(), &mut self.row);
        if read.is_err() || !self.row.faults.is_empty() || self.table.push(&self.row).is_err() {
            self.left_out += 1;
            return;
        }
        self.ids.update((id.len() as u64).to_le_bytes());
        self.ids.update(id);
    }
}
