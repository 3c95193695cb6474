//! Stores the predictions of a commit and joins the labels that waited for them.

use std::borrow::Cow;
use std::collections::HashSet;

use super::commit::Commit;
use super::error::StoreError;
use super::event::{Event, Id, PredictionEvent, Record};
use super::feed::{Prediction, PredictionId};
use super::labels;

/// Stores a prediction, unless one with its id is stored: a prediction whose id the client chose is stored once. A label
/// that waited for it is joined to it.
pub(super) fn keep(commit: &mut Commit<'_>, prediction: &Prediction) -> Result<(), StoreError> {
    let id = match &prediction.id {
        PredictionId::Fresh(id) => Id::Uuid(*id),
        PredictionId::Named(name) => Id::of(name),
    };
    let key = id.key();
    // Ids that the platform makes are unique and need no lookup.
    if matches!(prediction.id, PredictionId::Named(_)) && commit.knows(&key)? {
        return Ok(());
    }
    // The event records this, so that a follower need not look up an earlier label for every prediction.
    let awaited = commit.has_waiting && commit.wait_no_more(key.bytes())?;
    let event = Event::Prediction(event(prediction, awaited));
    let seq = commit.append_known(prediction.time, id, &event)?;
    if let Some(own_id) = &prediction.own_id {
        commit.set_newest(own_id, seq)?;
        if commit.has_waiting {
            labels::join_waiting(commit, own_id, &key, id)?;
        }
    }
    Ok(())
}

/// Stores predictions that another server made, each unless one with its id is stored; returns how many were stored. Labels
/// that waited for them are joined to them. A time that has not come yet, by a clock that is ahead, becomes now: retention
/// and the monitor go by it.
pub(super) fn adopt(commit: &mut Commit<'_>, records: &[Record<'_>]) -> Result<usize, StoreError> {
    // All ids are looked up before the first is added: an index that was just added to is slow to read.
    let mut seen = HashSet::new();
    let mut new = Vec::new();
    for record in records {
        let Some(prediction) = record.prediction() else {
            continue;
        };
        let key = record.id.key();
        if seen.insert(key.bytes().to_vec()) && !commit.knows(&key)? {
            new.push((record, prediction, key));
        }
    }
    for (record, prediction, key) in &new {
        let awaited = commit.has_waiting && commit.wait_no_more(key.bytes())?;
        let event = Event::Prediction(PredictionEvent {
            awaited,
            ..(*prediction).clone()
        });
        let seq = commit.append_known(record.time.min(commit.now), record.id, &event)?;
        if let Some(own_id) = &prediction.own_id {
            commit.set_newest(own_id, seq)?;
            if commit.has_waiting {
                labels::join_waiting(commit, own_id, key, record.id)?;
            }
        }
    }
    Ok(new.len())
}

impl Prediction {
    /// The prediction as a line of an export, with the number 0 until a store gives it another.
    pub fn line(&self) -> String {
        let id = match &self.id {
            PredictionId::Fresh(id) => Id::Uuid(*id),
            PredictionId::Named(name) => Id::of(name),
        };
        Record::of(self.time, id, Event::Prediction(event(self, false))).line()
    }
}

fn event(prediction: &Prediction, awaited: bool) -> PredictionEvent<'_> {
    let warnings = (!prediction.warnings.is_empty()).then(|| {
        let warnings = serde_json::to_string(&prediction.warnings);
        warnings.expect("their keys are text").into()
    });
    PredictionEvent {
        label: Cow::Borrowed(&prediction.label),
        probability: prediction.probability,
        model: prediction.model.clone(),
        transport: Some(prediction.transport),
        row: prediction.row.borrowed(),
        own_id: prediction.own_id.as_deref().map(Into::into),
        warnings,
        batch: prediction.batch,
        awaited,
    }
}
