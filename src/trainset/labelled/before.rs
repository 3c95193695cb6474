//! The labels that were known before later corrections.

use std::collections::HashMap;

use serde::Deserialize;

use crate::schema::column::Label;
use crate::store::kind::Kind;
use crate::store::{Snapshot, StoreError};

/// For each id whose label was corrected after a given event: the label known at that event, if any.
#[derive(Debug, Default)]
pub struct Before(HashMap<String, Option<Label>>);

#[derive(Deserialize)]
struct Told {
    label: Label,
    correct: bool,
}

impl Before {
    /// Collects the labels known at event `seq`. Corrections are rare; without any, only the events after `seq` are read.
    pub fn find(store: Snapshot<'_>, seq: u64) -> Result<Before, StoreError> {
        let mut before = HashMap::new();
        let told = |body: &[u8]| serde_json::from_slice::<Told>(body).ok();
        store.after(seq, |record| {
            if record.kind == Kind::Label && told(record.body).is_some_and(|told| told.correct) {
                before.insert(record.id.to_owned(), None);
            }
            true
        })?;
        if before.is_empty() {
            return Ok(Before::default());
        }
        store.after(0, |record| {
            if record.kind == Kind::Label
                && record.seq <= seq
                && let Some(last) = before.get_mut(record.id)
            {
                *last = told(record.body).map(|told| told.label);
            }
            record.seq < seq
        })?;
        Ok(Before(before))
    }

    /// The label of the id before its correction; `None` if it was not corrected, or had no label.
    pub fn get(&self, id: &str) -> Option<&Label> {
        self.0.get(id)?.as_ref()
    }
}
