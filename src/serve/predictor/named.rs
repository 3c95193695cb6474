//! Predictions with an id that the client chose. The same row under the same id gets the same prediction again; another row
//! under that id is a conflict.
//!
//! The store holds all of them. The newest are also in memory, because predictions reach the store with a short delay.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use crate::schema::row::Purpose;
use crate::schema::{Cell, Row, RowView, Schema, Warning};
use crate::serve::problem::{Problem, kind};
use crate::store::Store;
use crate::store::event::Record;
use crate::store::feed::{Prediction, PredictionId};
use crate::store::kind::name;

/// Maximum number of predictions held in memory, a few MiB.
const MOST: usize = 10_000;

/// Hash of a row's content, independent of the model that reads the row.
pub type Fingerprint = [u8; 32];

/// A prediction with a client-chosen id.
#[derive(Clone, Debug)]
pub struct Known {
    /// Fingerprint of the predicted row.
    pub fingerprint: Fingerprint,
    /// The prediction that was sent.
    pub prediction: Prediction,
}

impl Known {
    /// Reads the prediction with this id from disk, if it exists. `warnings` are those of the row in the current request.
    ///
    /// # Errors
    /// 409 when the id belongs to a stored event that is not a prediction; 503 when the store cannot be read.
    pub fn stored(
        store: &Store,
        id: &Arc<str>,
        schema: &Schema,
        warnings: &[Warning],
    ) -> Result<Option<Known>, Problem> {
        let found = store.event(id, |record, _| Known::of(record, id, schema, warnings))?;
        found.transpose()
    }

    fn of(
        record: &Record<'_>,
        id: &Arc<str>,
        schema: &Schema,
        warnings: &[Warning],
    ) -> Result<Known, Problem> {
        let Some(event) = record.prediction() else {
            let found = name(record.kind());
            let detail = format!(
                "the id {id:?} is that of a stored {found}; give the prediction an id of its own"
            );
            return Err(Problem::new(&kind::CONFLICT, detail));
        };
        let mut row = Row::new(schema, Purpose::Predict);
        event.row.read(schema, &mut row);
        Ok(Known {
            fingerprint: fingerprint(schema, row.view()),
            prediction: Prediction {
                id: PredictionId::Named(id.clone()),
                label: event.label.clone().into_owned(),
                probability: event.probability,
                model: event.model.clone(),
                warnings: warnings.to_vec(),
                batch: None,
                time: record.time,
                transport: event.transport.unwrap_or_default(),
                row: event.row.clone().into_owned(),
                own_id: None, // it is not stored again
            },
        })
    }
}

/// The newest predictions with client-chosen ids.
#[derive(Debug, Default)]
pub struct Named(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    by_id: HashMap<Arc<str>, Known>,
    order: VecDeque<Arc<str>>,
}

impl Named {
    /// The prediction under an id, if it is in memory.
    pub fn get(&self, id: &str) -> Option<Known> {
        self.lock(|kept| kept.by_id.get(id).cloned())
    }

    /// Remembers a prediction. If a concurrent request has stored one under this id first, that one is returned instead.
    pub fn keep(&self, id: Arc<str>, known: Known) -> Option<Known> {
        self.lock(|kept| {
            if let Some(first) = kept.by_id.get(&id) {
                return Some(first.clone());
            }
            kept.by_id.insert(id.clone(), known);
            kept.order.push_back(id);
            if kept.order.len() > MOST {
                kept.order
                    .pop_front()
                    .and_then(|oldest| kept.by_id.remove(&oldest));
            }
            None
        })
    }

    fn lock<T>(&self, work: impl FnOnce(&mut Kept) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The fingerprint of a row: a hash of the names and values of its columns.
pub fn fingerprint(schema: &Schema, row: RowView<'_>) -> Fingerprint {
    let mut hash = Sha256::new();
    let mut text = |tag: u8, text: &str| {
        hash.update([tag]);
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    for (column, cell) in schema.columns().iter().zip(row.cells) {
        text(0, &column.name);
        match cell {
            Cell::Missing => text(1, ""),
            Cell::Number(v) => text(2, &v.to_string()),
            Cell::Level(level) => text(3, &column.levels()[*level as usize]),
            Cell::Text(span) => text(3, span.get(row.text)),
        }
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(probability: f64) -> Known {
        let id = PredictionId::Named("id".into());
        let (label, model) = (crate::schema::column::Label::Integer(1), "wine@1".into());
        let prediction = Prediction {
            id,
            label,
            probability,
            model,
            warnings: Vec::new(),
            batch: None,
            time: jiff::Timestamp::UNIX_EPOCH,
            transport: Default::default(),
            row: Default::default(),
            own_id: None,
        };
        Known {
            fingerprint: [0; 32],
            prediction,
        }
    }

    #[test]
    fn the_first_answer_stays_and_the_oldest_are_forgotten() {
        let named = Named::default();
        assert!(named.keep("first".into(), known(0.1)).is_none());
        assert_eq!(
            named
                .keep("first".into(), known(0.2))
                .unwrap()
                .prediction
                .probability,
            0.1
        );
        (1..MOST).for_each(|n| assert!(named.keep(n.to_string().into(), known(0.5)).is_none()));
        assert!(named.get("first").is_some());
        named.keep("last".into(), known(0.5));
        assert!(named.get("first").is_none() && named.get("last").is_some());
    }
}
