//! The task that records what happens to versions: every line of the ledger becomes one event of the kind `model` in the
//! store, also a line that was written while no server ran.
//!
//! The store remembers up to which line it has them, in the same commit as the events: none is missing and none stands
//! twice, whenever the process ends.

use serde::{Deserialize, Serialize};
use tokio::time::MissedTickBehavior;

use super::follower::INTERVAL;
use super::remembered::remembered;
use crate::registry::ledger::{Action, Entry};
use crate::registry::{Registry, RegistryError, Version, follow};
use crate::store::kind::Kind;
use crate::store::{Store, StoreError};

/// Under which name the store keeps [`Memory`].
const NAME: &str = "model_events";

/// The last line of the ledger that the store has an event of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Memory {
    ledger_seq: u64,
}

/// The body of an event.
#[derive(Debug, Serialize)]
struct Body<'a> {
    action: Action,
    model: &'a Version,
    previous: Option<&'a Version>,
    ledger_seq: u64,
    ledger_time: String,
    by: &'a str,
    reason: &'a str,
}

/// Records until it is ended.
pub async fn run(store: Store, registry: Registry) {
    let memory: Memory = remembered(&store, NAME).await;
    let mut tick = tokio::time::interval(INTERVAL);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ledger = loop {
        tick.tick().await;
        match follow_after(&registry, memory) {
            Ok(ledger) => break ledger,
            // The follower of the live model reads the same file and reports it.
            Err(error) => tracing::debug!(%error, "model events: the ledger cannot be read"),
        }
    };
    let mut waiting: Vec<Entry> = Vec::new();
    loop {
        match ledger.poll() {
            Ok(entries) => waiting.extend(entries),
            Err(error) => tracing::debug!(%error, "model events: the ledger cannot be followed"),
        }
        // While the store cannot write, which is an alert of its own, the lines wait.
        if record(&store, &waiting).await.is_ok() {
            waiting.clear();
        }
        tick.tick().await;
    }
}

/// A ledger shorter than what is remembered was replaced by another: only its new lines are recorded.
fn follow_after(registry: &Registry, memory: Memory) -> Result<follow::Follower, RegistryError> {
    Ok(registry.follow(memory.ledger_seq.min(registry.last_seq()?)))
}

async fn record(store: &Store, entries: &[Entry]) -> Result<(), StoreError> {
    let Some(last) = entries.last() else {
        return Ok(());
    };
    let events = entries.iter().map(event).collect();
    let memory = Memory {
        ledger_seq: last.seq,
    };
    let memory = serde_json::to_string(&memory).expect("a number is JSON");
    store.conclude(events, NAME.into(), memory).await
}

fn event(entry: &Entry) -> (Kind, String, String) {
    let body = Body {
        action: entry.action,
        model: &entry.model,
        previous: entry.previous.as_ref(),
        ledger_seq: entry.seq,
        ledger_time: crate::clock::rfc3339(entry.time),
        by: &entry.by,
        reason: &entry.reason,
    };
    let body = serde_json::to_string(&body).expect("texts and numbers are JSON");
    (Kind::Model, entry.model.to_string(), body)
}
