//! Reads events into the controller's state. Blocks on the disk, so it runs on a blocking thread.

use std::sync::Arc;

use serde_json::json;

use super::memory::Memory;
use crate::control::scorer::{self, ShadowScorer};
use crate::live::Champion;
use crate::promotion::gate::Paired;
use crate::promotion::{probation, shadow};
use crate::schema::column::Label;
use crate::store::event::{Event, PredictionEvent, Record, VerdictEvent};
use crate::store::follow::NewLabel;
use crate::store::{Store, StoreError};

/// Maximum events per pass.
const AT_ONCE: usize = 4096;

/// One pass over the new events.
pub(super) struct Reader {
    store: Store,
    scorer: ShadowScorer,
    memory: Memory,
    champion: Arc<Champion>,
    until: u64,
}

/// Counts the labels that arrived after event `since`, the last one that the champion was trained on, and up to event
/// `seen`. A label counts once its prediction is stored. Reads the disk.
pub(super) fn fresh(store: &Store, since: u64, seen: u64) -> Result<u64, StoreError> {
    let followed = store.follow(since, seen, |_| true)?;
    let mut fresh = 0;
    for label in followed.labels {
        fresh += u64::from(label.join(store, |_, _| ())?.is_some());
    }
    Ok(fresh)
}

impl Reader {
    pub(super) fn new(
        store: Store,
        scorer: ShadowScorer,
        memory: Memory,
        champion: Arc<Champion>,
        until: u64,
    ) -> Reader {
        Reader {
            store,
            scorer,
            memory,
            champion,
            until,
        }
    }

    /// Processes up to [`AT_ONCE`] new events.
    pub(super) fn read(mut self) -> Result<Memory, StoreError> {
        let (mut found, mut room) = (Vec::new(), AT_ONCE);
        let (store, champion) = (self.store.clone(), self.memory.champion.clone());
        let followed = store.follow(self.memory.seen, self.until, |record| {
            found.extend(said(&record.event, &champion));
            room -= 1;
            room > 0
        })?;
        self.memory.seen = followed.seen;
        for said in found {
            match said {
                Said::Asks(about, why) => _ = self.memory.asks.insert(about, why),
                Said::TakesBack(about) => _ = self.memory.asks.remove(&about),
                Said::Forbids => self.memory.asks.clear(),
            }
        }
        for label in followed.labels {
            label.join(&store, |record, value| {
                self.count(record, &label, value);
            })?;
        }
        Ok(self.memory)
    }

    /// Counts a label that was joined, and holds the models against it where it is of a prediction.
    fn count(&mut self, record: &Record<'_>, new: &NewLabel, label: &Label) {
        self.memory.fresh += 1;
        let Some(prediction) = record.prediction() else {
            return; // a row that brought its label: nobody answered it
        };
        let positive = self.champion.model.schema().target().positive == *label;
        if let Some(watched) = self.memory.probation.as_mut()
            && watched.model == *prediction.model
            && watched.state.verdict() == probation::Verdict::GoOn
        {
            watched.state.update(prediction.probability, positive);
            watched.rows.update(&new.id);
        }
        self.compare(new, prediction, positive);
    }

    /// Holds the candidate's answer against the champion's: the one it gave live, else the same, given now.
    fn compare(&mut self, new: &NewLabel, prediction: &PredictionEvent<'_>, positive: bool) {
        let (Some(candidate), Some(shadowed)) =
            (self.scorer.candidate(), self.memory.shadow.as_mut())
        else {
            return;
        };
        let is_open = shadowed.state.verdict() == shadow::Verdict::GoOn;
        let is_ours = shadowed.champion == *prediction.model && shadowed.model == *candidate.name;
        if !is_ours || !is_open || new.seq <= shadowed.through {
            return;
        }
        let now = || scorer::score(&candidate.model, &prediction.row);
        let Some(score) = self.scorer.take_score(&new.id).or_else(now) else {
            return; // its schema does not take the row
        };
        let paired = Paired {
            positive,
            champion: prediction.probability,
            candidate: score,
        };
        shadowed.state.update(&paired);
        shadowed.rows.update(&new.id);
    }
}

/// The effect of a monitor's verdict on the controller.
#[derive(Debug, PartialEq)]
enum Said {
    /// Requests a training: what the monitor examined, and the reason.
    Asks(String, String),
    /// Withdraws the request that was made for the same subject.
    TakesBack(String),
    /// Clears all requests, because the rows must not be trained on.
    Forbids,
}

/// The effect of a monitor's verdict on the champion; `None` for a verdict without effect, and for any other event. A verdict
/// with `retrain` requests a training, or forbids any, because the rows are corrupt. One without it withdraws the request that
/// was made for the same rows, or for the labels.
fn said(event: &Event<'_>, champion: &str) -> Option<Said> {
    let (model, about, retrain, full) = match event.verdict()? {
        VerdictEvent::Drift {
            model,
            slice,
            retrain,
            full,
            ..
        } => {
            let about = slice.map_or("drift".into(), |slice| format!("drift {}", json!(slice)));
            (model, about, retrain, full)
        }
        VerdictEvent::Decay { model, retrain, .. } => (model, "decay".into(), retrain, true),
        VerdictEvent::Performance {
            model,
            decay: false,
            ..
        } => (model, "decay".into(), None, true),
        _ => return None,
    };
    if model != champion {
        return None; // another model, which is no longer live
    }
    match retrain {
        Some(retrain) if retrain.asked => Some(Said::Asks(about, retrain.why)),
        _ if !full => None, // the full window decides
        Some(_) => Some(Said::Forbids),
        None => Some(Said::TakesBack(about)),
    }
}

#[cfg(test)]
mod tests;
