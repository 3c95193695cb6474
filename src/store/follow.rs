//! Following the events of a store: in their order, each once, and every label joined with what it is of, once.
//!
//! A label and its prediction come in either order, and the pair is complete with the later of the two: with the label,
//! where the prediction is there already; else with the prediction, whose event says that its label was there before it. A
//! correction makes no new pair.

use jiff::Timestamp;

use super::event::{Event, Record};
use super::{Store, StoreError};
use crate::schema::column::Label;

/// What a reading came to.
#[derive(Debug)]
pub struct Followed {
    /// The last event that was read.
    pub seen: u64,
    /// The labels among them, to be joined after it: a reading inside a reading could wait for itself.
    pub labels: Vec<NewLabel>,
}

/// An event that may complete a pair.
#[derive(Clone, Debug, PartialEq)]
pub struct NewLabel {
    /// What the label is of.
    pub id: String,
    /// Number of the event.
    pub seq: u64,
    /// Its time.
    pub time: Timestamp,
    /// The label; none where the event is the prediction, whose label was there before it.
    label: Option<Label>,
}

impl NewLabel {
    /// The label that an event brings, or says to have been there.
    fn of(record: &Record<'_>) -> Option<NewLabel> {
        let label = match &record.event {
            Event::Label(label) if !label.correct => Some(label.label.clone().into_owned()),
            Event::Row(row) => Some(row.label.clone()?.into_owned()),
            Event::Prediction(prediction) if prediction.awaited => None,
            _ => return None,
        };
        Some(NewLabel {
            id: record.id.to_string(),
            seq: record.seq,
            time: record.time,
            label,
        })
    }

    /// Hands the pair that this event completes to `look`: the prediction, or the row that brought the label, and the label.
    /// None where it completes none: the prediction is not there, or came later and completes the pair itself. Reads the disk.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn join<T>(
        &self,
        store: &Store,
        look: impl FnOnce(&Record<'_>, &Label) -> T,
    ) -> Result<Option<T>, StoreError> {
        let joined = store.event(&self.id, |record, truth| {
            let label = match &self.label {
                Some(_) if record.seq > self.seq => return None,
                Some(label) => label.clone(),
                None => truth.filter(|truth| truth.seq < self.seq)?.label,
            };
            Some(look(record, &label))
        })?;
        Ok(joined.flatten())
    }
}

impl Store {
    /// Reads the events after `seen` up to `until` in order, until `look` has enough. Reads the disk.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn follow(
        &self,
        seen: u64,
        until: u64,
        mut look: impl FnMut(&Record<'_>) -> bool,
    ) -> Result<Followed, StoreError> {
        let labels = Vec::new();
        let mut followed = Followed { seen, labels };
        self.after(seen, |record| {
            if record.seq > until {
                return false;
            }
            followed.seen = record.seq;
            followed.labels.extend(NewLabel::of(record));
            look(record)
        })?;
        Ok(followed)
    }
}
