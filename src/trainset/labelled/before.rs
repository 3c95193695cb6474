//! The labels that were known before later corrections.

use std::collections::HashMap;

use crate::schema::column::Label;
use crate::store::{Key, Snapshot, StoreError};

/// For each id whose label was corrected after a given event: the label known at that event, if any.
#[derive(Debug, Default)]
pub struct Before(HashMap<Key, Option<Label>>);

impl Before {
    /// Collects the labels known at event `seq`. Corrections are rare; without any, only the events after `seq` are read.
    pub fn find(store: Snapshot<'_>, seq: u64) -> Result<Before, StoreError> {
        let mut before = HashMap::new();
        store.after(seq, |record| {
            if record.label().is_some_and(|label| label.correct) {
                before.insert(record.id.key(), None);
            }
            true
        })?;
        if before.is_empty() {
            return Ok(Before::default());
        }
        store.after(0, |record| {
            if record.seq <= seq
                && let Some(label) = record.label()
                && let Some(last) = before.get_mut(&record.id.key())
            {
                *last = Some(label.label.clone().into_owned());
            }
            record.seq < seq
        })?;
        Ok(Before(before))
    }

    /// The label that an id had before; `None` if it had none, or was not corrected since.
    pub fn get(&self, id: &Key) -> Option<&Label> {
        self.0.get(id)?.as_ref()
    }
}
