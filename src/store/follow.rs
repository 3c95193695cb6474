//! Following the events of a store: each event once and in order, and each label joined once with its prediction or row.
//!
//! A label and its prediction come in either order, and the later of the two completes the pair: the label event, where the
//! prediction is stored already; else the prediction event, which then has `awaited` set. A correction completes no new pair.

use jiff::Timestamp;

use super::event::{Event, Record};
use super::{Store, StoreError};
use crate::schema::column::Label;

/// The result of reading a range of events.
#[derive(Debug)]
pub struct Followed {
    /// Sequence number of the last event that was read.
    pub seen: u64,
    /// Events among them that may complete a pair, to be joined after the reading: a read inside another could deadlock.
    pub labels: Vec<NewLabel>,
}

/// An event that may complete a pair of a label and its prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct NewLabel {
    /// Id of the prediction or row that the label belongs to.
    pub id: String,
    /// Sequence number of the event.
    pub seq: u64,
    pub time: Timestamp,
    /// The label; none where the event is a prediction whose label was stored before it.
    label: Option<Label>,
}

impl NewLabel {
    /// Makes one from an event that carries a label or is an awaited prediction.
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

    /// Passes the pair that this event completes to `look`: the prediction, or the row that carried the label, and the
    /// label. Returns none where the event completes no pair, because the prediction is missing, or came later and completes
    /// the pair itself. Blocks on the disk.
    pub fn join<T>(
        &self,
        store: &Store,
        look: impl FnOnce(&Record<'_>, &Label) -> T,
    ) -> Result<Option<T>, StoreError> {
        let joined = store.event(&self.id, |record, stored| {
            let label = match &self.label {
                Some(_) if record.seq > self.seq => return None,
                Some(label) => label.clone(),
                None => stored.filter(|stored| stored.seq < self.seq)?.label,
            };
            Some(look(record, &label))
        })?;
        Ok(joined.flatten())
    }
}

impl Store {
    /// Passes the events after `seen` up to `until` to `look`, in order, until it returns false. Blocks on the disk.
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
