//! Labelled rows of the store: predictions whose truth has come, and rows that brought theirs.

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
            let key = record.id.key();
            reading.take(record, truths.get(&key), before.get(&key));
            true
        })?;
        Ok(reading.finish(store.last()?))
    }
}
