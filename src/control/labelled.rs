//! Labelled rows of the store: predictions whose truth has come, and rows that brought theirs.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::registry::Registry;
use crate::schema::row::Purpose;
use crate::schema::{Row, Schema, Table, json};
use crate::store::kind::Kind;
use crate::store::labels::Truth;
use crate::store::{Record, Store, StoreError};

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
    /// Labelled rows of `store` whose truth came after event `seq`. Reads the disk.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn since(store: &Store, schema: &Arc<Schema>, seq: u64) -> Result<Labelled, StoreError> {
        let through = store.last()?;
        let truths = store.truths()?;
        let mut reading = Reading {
            row: Row::new(schema, Purpose::Learn),
            table: Table::new(schema.clone()),
            ids: Sha256::new(),
            left_out: 0,
        };
        store.after(0, |record| {
            if record.seq > through {
                return false;
            }
            if is_new(&record, truths.get(record.id), seq) {
                let truth = truths.get(record.id);
                reading.take(&record, truth);
            }
            true
        })?;
        Ok(Labelled {
            table: reading.table,
            through,
            digest: hex(&reading.ids.finalize()),
            left_out: reading.left_out,
        })
    }
}

fn is_new(record: &Record<'_>, truth: Option<&Truth>, seq: u64) -> bool {
    match record.kind {
        Kind::Prediction => truth.is_some_and(|truth| truth.seq > seq),
        Kind::Row => record.seq > seq,
        _ => false,
    }
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
    /// Takes a row with its truth; one without is passed over.
    fn take(&mut self, record: &Record<'_>, truth: Option<&Truth>) {
        let Ok(mut body) = serde_json::from_slice::<serde_json::Value>(record.body) else {
            self.left_out += 1;
            return;
        };
        let own = body["label"].take();
        let label = match (record.kind, truth) {
            (Kind::Row, _) => own,
            (_, Some(truth)) => serde_json::json!(truth.label),
            (_, None) => serde_json::Value::Null,
        };
        if label.is_null() {
            return;
        }
        let schema = self.table.schema().clone();
        let mut row = body["row"].take();
        row[schema.target().column.as_str()] = label;
        let text = row.to_string();
        let read = json::line(&schema, text.as_bytes(), &mut self.row);
        if read.is_err() || !self.row.faults.is_empty() || self.table.push(&self.row).is_err() {
            self.left_out += 1;
            return;
        }
        self.ids.update((record.id.len() as u64).to_le_bytes());
        self.ids.update(record.id);
    }
}
