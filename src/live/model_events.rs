//! The task that records what happens to versions: every line of the ledger becomes one event of the kind `model` in the
//! store, also a line that was written while no server ran.
//!
//! The store remembers up to which line of which epoch it has them, in the same commit as the events: none is missing and
//! none stands twice, whenever the process ends. Where that note cannot be read, or the registry was put back since, the
//! events themselves tell which lines they are of.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use tokio::time::MissedTickBehavior;

use crate::live::pointer::INTERVAL;
use crate::registry::follow::Follower;
use crate::registry::ledger::{Action, Entry};
use crate::registry::{Registry, Standing, Version};
use crate::store::kind::Kind;
use crate::store::{Store, StoreError};

/// Failures in a row after which the pause before another attempt, which doubles, stays as it is: 51 s.
const MOST_FAILS: u32 = 8;

/// Under which name the store keeps [`Memory`].
const NAME: &str = "model_events";

/// The last line of the ledger that the store has an event of.
#[derive(Debug, Serialize, Deserialize)]
struct Memory {
    ledger_seq: u64,
    /// The epoch that this number is of; none in notes of earlier releases.
    epoch: Option<String>,
}

/// The body of an event.
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

/// Lines of the ledger that the store has events of.
#[derive(Debug, Default)]
struct Known {
    lines: HashSet<(u64, String)>,
    /// The first of them; what came before it is older than what the store keeps.
    first: Option<u64>,
}

/// What is done from the start on.
struct Begun {
    ledger: Follower,
    known: Known,
    epoch: String,
}

/// Records until it is ended.
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
            // The follower of the live model reads the same file and reports it; so does the store.
            Ok(Err(error)) => {
                fails = (fails + 1).min(MOST_FAILS);
                tracing::warn!(%error, "model events: ledger or store cannot be read");
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
            Err(error) => tracing::debug!(%error, "model events: the ledger cannot be followed"),
        }
        // While the store cannot write, which is an alert of its own, the lines wait.
        if let Some(seq) = last
            && record(&store, &epoch, &waiting, seq).await.is_ok()
        {
            waiting.clear();
            last = None;
        }
        tick.tick().await;
    }
}

/// Finds out which lines are recorded. Reads the disk; all of the store where its note does not tell.
fn begin(store: &Store, registry: &Registry) -> anyhow::Result<Begun> {
    let Standing { seq, epoch } = registry.standing()?;
    let note = store.remembered(NAME)?;
    let note = note.and_then(|text| {
        let read = serde_json::from_str::<Memory>(&text);
        read.inspect_err(|error| {
            tracing::warn!(%error, "model events: note unreadable, the events are read instead");
        })
        .ok()
    });
    let is_of_epoch = |note: &Memory| note.epoch.as_ref().is_none_or(|of| *of == epoch);
    let (after, known) = match note.filter(is_of_epoch) {
        // A ledger shorter than what is remembered was replaced by hand: only its new lines are recorded.
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
    /// The lines that the events of a store are of.
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
