//! Labelled rows of the store: predictions whose truth has come, and rows that brought theirs.

mod before;
mod reading;

use std::sync::Arc;

use crate::registry::{Registry, RegistryError, Version};
use crate::schema::{RowView, Schema, Table, json};
use crate::store::{Snapshot, StoreError};
use before::Before;
use reading::Reading;

/// Up to which event a version's table holds the store's labelled rows: it stands in the ledger, with the version. A
/// version that was trained on a file alone holds none.
///
/// # Errors
/// When the ledger cannot be read, or its line of the version cannot be believed: a guess would have rows learnt twice, and
/// weighed as rows that nobody has seen.
pub fn through(registry: &Registry, version: &Version) -> Result<u64, RegistryError> {
    let evidence = registry.evidence(version)?;
    match evidence.get("through") {
        None => Ok(0),
        Some(through) => through.as_u64().ok_or_else(|| {
            let fault = format!("\"through\" is {through}, no number of an event");
            registry.unusable_evidence(version, fault)
        }),
    }
}

/// Labelled rows whose truth came after a moment, in the order of their events.
#[derive(Debug)]
pub struct Labelled {
    /// The rows, with their target as it is known now.
    pub table: Table,
    /// Rows that were labelled before that moment, and whose truth was corrected after it.
    pub corrected: Vec<Corrected>,
    /// The moment up to which the store was read, as the number of an event.
    pub through: u64,
    /// SHA-256 over the ids, in order: which rows these were.
    pub digest: String,
    /// Rows that this schema does not take any more.
    pub left_out: usize,
}

/// A row whose truth is another than it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrected {
    /// What it says, as [`content`] has it.
    pub content: Vec<u8>,
    /// Whether its target has its positive value. Before, it had the other one.
    pub positive: bool,
}

/// What a row says, without its truth: rows of the same content are the same to whoever learns from them.
pub fn content(schema: &Schema, row: RowView<'_>) -> Vec<u8> {
    let mut text = Vec::new();
    json::write::object(schema, row, &mut text);
    text
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
        let before = Before::find(store, seq)?;
        let mut reading = Reading::new(schema, seq);
        store.after(0, |record| {
            reading.take(&record, truths.get(record.id), before.get(record.id));
            true
        })?;
        Ok(reading.finish(store.last()?))
    }
}
