//! The task that records every line of the ledger as one event of the kind `model` in the store, including lines that were
//! written while no server ran.
//!
//! The number of the last recorded line, with its epoch, is stored in the same commit as the events, so no line is lost or
//! recorded twice, whenever the process ends. If that note cannot be read, or the registry was restored from a backup since,
//! the recorded lines are determined from the events themselves.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use tokio::time::MissedTickBehavior;

use crate::live::pointer::INTERVAL;
use crate::registry::follow::Follower;
use crate::registry::ledger::{Action, Entry};
use crate::registry::{Registry, Standing, Version};
use crate::store::kind::Kind;
use crate::store::{Store, StoreError};

/// Consecutive failures after which the doubling pause before a retry stops growing, at 51 s.
const MOST_FAILS: u32 = 8;

/// Name of [`Memory`] in the store.
const NAME: &str = "model_events";

/// The last line of the ledger that is recorded in the store.
#[derive(Debug, Serialize, Deserialize)]
struct Memory {
    ledger_seq: u64,
    /// Epoch of that line number; `None` in notes of earlier releases.
    epoch: Option<String>,
}

/// The body of a `model` event.
#[derive(Debug, Serialize)]
struct Body<'a> {
    action: Action,
    model: &'a Version,
    previous: Option<&'a Version>,
    epoch: &'a str,
    ledger_seq: u64,
    ledger_time: String,
    by: &'a str,
    reason: &'a str,
}

/// Lines of the ledger that are recorded in the store.
#[derive(Debug, Default)]
struct Known {
    lines: HashSet<(u64, String)>,
    /// The first recorded line; lines before it are older than the events that the store retains.
    first: Option<u64>,
}

/// The state at the start of the task.
struct Begun {
    ledger: Follower,
    known: Known,
    epoch: String,
}

/// Records lines until the task is cancelled.
pub async fn run(store: Store, registry: Registry) {
    let mut tick = tokio::time::interval(INTERVAL);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut fails = 0;
    let Begun {
        mut ledger,
        known,
        epoch,
    } = loop {
        tick.tick().await;
        let (store, registry) = (store.clone(), registry.clone());
        match tokio::task::spawn_blocking(move || begin(&store, &registry)).await {
            Ok(Ok(begun)) => break begun,
            // The ledger follower of the live model reads the same file and reports such errors; so does the store.
            Ok(Err(error)) => {
                fails = (fails + 1).min(MOST_FAILS);
                tracing::warn!(%error, "model events: ledger or store cannot be read; retrying");
                tokio::time::sleep(INTERVAL * 2_u32.pow(fails)).await; // it may read all of the store each time
            }
            Err(panic) => std::panic::resume_unwind(panic.into_panic()),
        }
    };
    let (mut waiting, mut last): (Vec<Entry>, _) = (Vec::new(), None);
    loop {
        match ledger.poll() {
            Ok(entries) => {
                last = entries.last().map(|entry| entry.seq).or(last);
                waiting.extend(entries.into_iter().filter(|e| !known.has(e)));
            }
            Err(error) => {
                tracing::debug!(%error, "model events: the ledger cannot be read; retrying")
            }
        }
        // While the store cannot write, which has its own alert, the lines wait.
        if let Some(seq) = last
            && record(&store, &epoch, &waiting, seq).await.is_ok()
        {
            waiting.clear();
            last = None;
        }
        tick.tick().await;
    }
}

/// Determines which lines are recorded. Reads the disk; reads the whole store if there is no usable note.
fn begin(store: &Store, registry: &Registry) -> anyhow::Result<Begun> {
    let Standing { seq, epoch } = registry.standing()?;
    let note = store.remembered(NAME)?;
    let note = note.and_then(|text| {
        let read = serde_json::from_str::<Memory>(&text);
        read.inspect_err(|error| {
            tracing::warn!(%error, "model events: the stored position in the ledger cannot be read; it is found again from the stored events");
        })
        .ok()
    });
    let is_of_epoch = |note: &Memory| note.epoch.as_ref().is_none_or(|of| *of == epoch);
    let (after, known) = match note.filter(is_of_epoch) {
        // A ledger shorter than the note was replaced by hand: only its new lines are recorded.
        Some(note) => (note.ledger_seq.min(seq), Known::default()),
        None => (0, Known::of(store)?),
    };
    Ok(Begun {
        ledger: registry.follow(after),
        known,
        epoch,
    })
}

impl Known {
    /// The lines that are recorded as events of the store.
    fn of(store: &Store) -> Result<Known, StoreError> {
        let mut known = Known::default();
        store.after(0, |record| {
            if let Some(line) = record.event.model() {
                let first = known
                    .first
                    .map_or(line.ledger_seq, |f| f.min(line.ledger_seq));
                known.first = Some(first);
                known.lines.insert((line.ledger_seq, line.ledger_time));
            }
            true
        })?;
        Ok(known)
    }

    fn has(&self, entry: &Entry) -> bool {
        let line = (entry.seq, crate::clock::rfc3339(entry.time));
        self.first.is_some_and(|first| entry.seq < first) || self.lines.contains(&line)
    }
}

async fn record(
    store: &Store,
    epoch: &str,
    entries: &[Entry],
    ledger_seq: u64,
) -> Result<(), StoreError> {
    let events = entries.iter().map(|entry| event(epoch, entry)).collect();
    let memory = Memory {
        ledger_seq,
        epoch: Some(epoch.to_owned()),
    };
    let memory = serde_json::to_string(&memory).expect("a number is JSON");
    store.conclude(events, NAME.into(), memory).await
}

fn event(epoch: &str, entry: &Entry) -> (Kind, String, String) {
    let body = Body {
        action: entry.action,
        model: &entry.model,
        previous: entry.previous.as_ref(),
        epoch,
        ledger_seq: entry.seq,
        ledger_time: crate::clock::rfc3339(entry.time),
        by: &entry.by,
        reason: &entry.reason,
    };
    let body = serde_json::to_string(&body).expect("texts and numbers are JSON");
    (Kind::Model, entry.model.to_string(), body)
}
