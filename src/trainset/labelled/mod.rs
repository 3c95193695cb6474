//! Labelled rows of the store: predictions whose label has arrived, and rows that were submitted with a label.

mod before;
mod reading;
mod rows;

use std::sync::Arc;

use crate::registry::{Registry, RegistryError, Version};
use crate::schema::Schema;
use crate::store::{Snapshot, StoreError};
use before::Before;
use reading::Reading;
pub use rows::{Corrected, Labelled, content};

/// The last event whose labelled rows are in a version's training table, as recorded in the ledger. It is 0 for a version
/// that was trained on a file alone.
///
/// # Errors
/// If the ledger cannot be read, or its line of the version is invalid. A guess could train on rows twice, and count training
/// rows of the champion as rows unseen by it.
pub fn through(registry: &Registry, version: &Version) -> Result<u64, RegistryError> {
    Ok(registry.trained(version)?.through.unwrap_or(0))
}

impl Labelled {
    /// Labelled rows of the store whose label arrived after event `seq`. Reads the disk.
    pub fn since(
        store: Snapshot<'_>,
        schema: &Arc<Schema>,
        seq: u64,
    ) -> Result<Labelled, StoreError> {
        let labels = store.labels()?;
        let before = Before::find(store, seq)?;
        let mut reading = Reading::new(schema, seq);
        store.after(0, |record| {
            let key = record.id.key();
            reading.take(record, labels.get(&key), before.get(&key));
            true
        })?;
        Ok(reading.finish(store.last()?))
    }
}
