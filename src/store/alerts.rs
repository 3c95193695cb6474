//! What is kept of alerts: their state, their notifications, and the events that tell of them, each time in one commit.

use jiff::Timestamp;

use super::commit::{self, Commit};
use super::error::StoreError;
use super::event::{Event, Id};
use super::file::File;
use super::kind::Kind;
use super::read;

/// Under which name the state is kept.
const STATE: &str = "alerts";

/// What has changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// The state, as JSON; none where it is as before.
    pub state: Option<String>,
    /// Events, each an id and a JSON object.
    pub events: Vec<(String, String)>,
    /// Notifications by id, as JSON: new ones, and those of which something came.
    pub put: Vec<(String, String)>,
    /// Ids of notifications that were taken, or are given up for good.
    pub gone: Vec<String>,
}

impl Change {
    /// Whether nothing has.
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

/// The same for a store that no server has open.
///
/// # Errors
/// When nothing of it is stored.
pub fn keep_offline(file: &File, change: &Change, now: Timestamp) -> Result<(), StoreError> {
    commit::within(file, now, |commit| keep(commit, change)).map(drop)
}

/// State and outbox, as JSON.
///
/// # Errors
/// When they cannot be read.
pub fn kept(file: &File) -> Result<(Option<String>, Vec<String>), StoreError> {
    file.read(|transaction| Ok((read::note(transaction, STATE)?, read::outbox(transaction)?)))
}
