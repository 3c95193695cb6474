//! Reads events into the controller's state. Blocks on the disk, so it runs on a blocking thread.

use std::sync::Arc;

use serde::Deserialize;

use super::memory::Memory;
use crate::control::scorer::{self, ShadowScorer};
use crate::live::Champion;
use crate::promotion::gate::Paired;
use crate::promotion::{probation, shadow};
use crate::schema::column::Label;
use crate::store::kind::Kind;
use crate::store::{Record, Store, StoreError};
use crate::trainset::truths::{comes_later, new_truth};

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

/// The body of a prediction event.
#[derive(Deserialize)]
struct Answered {
    probability: f64,
    model: String,
    row: serde_json::Value,
}

/// Counts the labels that arrived after event `since`, the last one that the champion was trained on, and up to event
/// `seen`. A label counts once its prediction is stored. Reads the disk.
pub(super) fn fresh(store: &Store, since: u64, seen: u64) -> Result<u64, StoreError> {
    let (mut fresh, mut told) = (0, Vec::new());
    store.after(since, |record| {
        if record.seq <= seen && new_truth(&record).is_some() {
            match record.kind {
                Kind::Row => fresh += 1,
                Kind::Label => told.push(record.id.to_owned()),
                _ => {} // its truth was told before
            }
        }
        record.seq < seen
    })?;
    for id in told {
        let line = store.event(&id)?;
        fresh += u64::from(line.is_some_and(|(line, _)| !comes_later(&line, seen)));
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
        let (mut seen, mut news, mut room) = (self.memory.seen, Vec::new(), AT_ONCE);
        let mut found = Vec::new();
        let champion = self.memory.champion.clone();
        // Labels are joined after the scan: a read transaction inside another one could wait for itself.
        self.store.after(seen, |record| {
            if record.seq > self.until {
                return false;
            }
            seen = record.seq;
            found.extend(said(&record, &champion));
            news.extend(new_truth(&record).map(|label| (record.id.to_owned(), record.seq, label)));
            room -= 1;
            room > 0
        })?;
        self.memory.seen = seen;
        for said in found {
            match said {
                Said::Asks(about, why) => _ = self.memory.asks.insert(about, why),
                Said::TakesBack(about) => _ = self.memory.asks.remove(&about),
                Said::Forbids => self.memory.asks.clear(),
            }
        }
        for (id, seq, label) in news {
            self.join(&id, seq, label)?;
        }
        Ok(self.memory)
    }

    /// Adds a label to the probation and to the shadow comparison, if its prediction is stored.
    ///
    /// `label` is `None` for a prediction event, whose label may have arrived before it.
    fn join(&mut self, id: &str, seq: u64, label: Option<Label>) -> Result<(), StoreError> {
        let Some((line, truth)) = self.store.event(id)? else {
            return Ok(()); // it waits for its prediction
        };
        let is_told = label.is_some();
        let waited = || {
            truth
                .filter(|truth| truth.seq < seq)
                .map(|truth| truth.label)
        };
        let Some(label) = label.or_else(waited) else {
            return Ok(());
        };
        if is_told && comes_later(&line, seq) {
            return Ok(()); // the prediction came after its truth, and brings it
        }
        self.memory.fresh += 1;
        let Ok(answered) = serde_json::from_str::<Answered>(&line) else {
            return Ok(()); // a row that brought its truth: nobody answered it
        };
        let positive = self.champion.model.schema().target().positive == label;
        if let Some(watched) = self.memory.watch.as_mut()
            && watched.model == answered.model
            && watched.state.verdict() == probation::Verdict::GoOn
        {
            watched.state.update(answered.probability, positive);
            watched.rows.update(id);
        }
        self.compare(id, seq, &answered, positive);
        Ok(())
    }

    /// Compares the candidate's prediction with the champion's. Uses the score made live or, without one, computes
    /// the same score now.
    fn compare(&mut self, id: &str, seq: u64, answered: &Answered, positive: bool) {
        let (Some(candidate), Some(shadowed)) =
            (self.scorer.candidate(), self.memory.shadow.as_mut())
        else {
            return;
        };
        let is_open = shadowed.state.verdict() == shadow::Verdict::GoOn;
        let is_ours = shadowed.champion == answered.model && shadowed.model == *candidate.name;
        if !is_ours || !is_open || seq <= shadowed.through {
            return;
        }
        let now = || scorer::score(&candidate.model, &answered.row.to_string());
        let Some(score) = self.scorer.take_score(id).or_else(now) else {
            return; // its schema does not take the row
        };
        let paired = Paired {
            positive,
            champion: answered.probability,
            candidate: score,
        };
        shadowed.state.update(&paired);
        shadowed.rows.update(id);
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

/// The effect of a monitor's verdict on the champion; `None` for a verdict without effect and for any other event.
///
/// The field `retrain` of a verdict says whether a training is requested, and why. A verdict that advises against training
/// clears all requests, because the rows are corrupt. A full window without drift withdraws the drift request for the same
/// rows, and a window of labels without decay withdraws the decay request.
fn said(record: &Record<'_>, champion: &str) -> Option<Said> {
    #[derive(Deserialize)]
    struct Verdict {
        model: Option<String>,
        #[serde(default)]
        about: String,
        slice: Option<serde_json::Value>,
        #[serde(default = "yes")]
        full: bool,
        drift: Option<bool>,
        decay: Option<bool>,
        retrain: Option<Retrain>,
    }
    #[derive(Deserialize)]
    struct Retrain {
        asked: bool,
        why: String,
    }
    fn yes() -> bool {
        true
    }
    if record.kind != Kind::Verdict {
        return None;
    }
    let verdict = serde_json::from_slice::<Verdict>(record.body).ok()?;
    if verdict.model.is_some_and(|model| model != champion) {
        return None; // found of another model, which answers no more
    }
    let about = match verdict.slice {
        Some(slice) => format!("{} {slice}", verdict.about),
        None => verdict.about,
    };
    match verdict.retrain {
        Some(Retrain { asked: true, why }) => Some(Said::Asks(about, why)),
        _ if !verdict.full => None, // the full window decides
        Some(Retrain { asked: false, .. }) => Some(Said::Forbids),
        None if verdict.decay == Some(false) => Some(Said::TakesBack("decay".into())),
        None => (verdict.drift == Some(false)).then_some(Said::TakesBack(about)),
    }
}

#[cfg(test)]
mod tests;
