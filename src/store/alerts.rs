//! Persistence of alerts: their state, their notifications, and the events about them, written in one commit.

use jiff::Timestamp;

use super::commit::{self, Commit};
use super::error::StoreError;
use super::event::{Event, Id};
use super::file::File;
use super::kind::Kind;
use super::read;

/// Name of the note that holds the state of the alerts.
const STATE: &str = "alerts";

/// A change of alerts and notifications.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// The new state of the alerts, as JSON; none where it is unchanged.
    pub state: Option<String>,
    /// Alert events, each an id and a JSON object.
    pub events: Vec<(String, String)>,
    /// Notifications to insert or update, each an id and JSON.
    pub put: Vec<(String, String)>,
    /// Ids of notifications to remove, because they were delivered or are given up for good.
    pub gone: Vec<String>,
}

impl Change {
    pub fn is_empty(&self) -> bool {
        *self == Change::default()
    }
}

pub(super) fn keep(commit: &mut Commit<'_>, change: &Change) -> Result<(), StoreError> {
    if let Some(state) = &change.state {
        commit.notes.insert(STATE, &**state)?;
    }
    for (id, body) in &change.events {
        commit.append(commit.now, Id::of(id), &Event::Document(Kind::Alert, body))?;
    }
    for (id, json) in &change.put {
        commit.outbox.insert(&**id, &**json)?;
    }
    for id in &change.gone {
        commit.outbox.remove(&**id)?;
    }
    Ok(())
}

/// Stores a change of alerts in a store that no server has open.
pub fn keep_offline(file: &File, change: &Change, now: Timestamp) -> Result<(), StoreError> {
    commit::within(file, now, |commit| keep(commit, change)).map(drop)
}

/// The stored state of the alerts and all notifications of the outbox, as JSON.
pub fn kept(file: &File) -> Result<(Option<String>, Vec<String>), StoreError> {
    file.read(|transaction| Ok((read::note(transaction, STATE)?, read::outbox(transaction)?)))
}
