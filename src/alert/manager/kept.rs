//! Persistence of the alert manager: its state is restored at the start and written whenever it has changed.

use std::time::Duration;

use tokio::time::Instant;

use super::Manager;
use super::writing::Writing;
use crate::alert::earlier;
use crate::alert::outbox::Outbox;
use crate::alert::state::State;
use crate::store::alerts::Change;

/// How long to wait for a commit: a disk that hangs must not hold up the alert about it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Pause between two attempts to persist.
const AGAIN: Duration = Duration::from_secs(1);

impl Manager {
    /// Restores the state and the outbox from their JSON.
    pub(super) fn take_up(&mut self, state: Option<&str>, rows: &[String]) {
        match state.map_or_else(|| Ok(State::default()), earlier::state) {
            Ok(state) => self.state = state.resumed(self.parts.clock.now()),
            Err(error) => {
                tracing::error!(%error, "alerts: the stored state cannot be read; starting without alerts and silences")
            }
        }
        let read = rows.iter().filter_map(|json| match earlier::row(json) {
            Ok(row) => Some(row),
            Err(error) => {
                tracing::error!(%error, "alerts: a stored notification cannot be read; it is not sent");
                None
            }
        });
        self.outbox = Outbox::of(read);
        let known = &self.parts.options.channels;
        let rows = self
            .outbox
            .rows()
            .filter(|row| !row.dead && !known.contains(&row.channel));
        let lost: Vec<String> = rows.map(|row| row.id.clone()).collect();
        for id in lost {
            let why = "its channel is no longer in the settings";
            self.outbox.give_up(&id, why.into());
        }
    }

    /// Persists all changes; failed writes are retried later. Returns whether everything is on the disk.
    pub(super) async fn keep(&mut self) -> bool {
        let mut patience = Duration::ZERO; // a commit that is waited for already holds up nothing
        if self.writing.is_none() {
            if self.again.is_some_and(|again| Instant::now() < again) {
                return false;
            }
            self.writing = self.changed();
            patience = PATIENCE;
        }
        let Some(mut writing) = self.writing.take() else {
            self.again = None;
            return true;
        };
        let why = match tokio::time::timeout(patience, writing.done.as_mut()).await {
            Ok(Ok(())) => {
                self.again = None;
                return true;
            }
            Ok(Err(error)) => {
                self.take_back(writing.change);
                error.to_string()
            }
            Err(_) => {
                self.writing = Some(writing);
                "the store does not answer".into()
            }
        };
        if self.again.is_none() {
            tracing::warn!(
                why,
                "alerts: the state cannot be stored; notifications are still sent"
            );
        }
        self.again = Some(Instant::now() + AGAIN);
        false
    }

    /// Starts a commit of all changes; `None` if there are none.
    fn changed(&mut self) -> Option<Writing> {
        let (put, gone) = self.outbox.take_changes();
        let state = std::mem::take(&mut self.state_changed)
            .then(|| serde_json::to_string(&self.state).expect("its keys are text"));
        let change = Change {
            state,
            events: std::mem::take(&mut self.events),
            put,
            gone,
        };
        let (store, copy) = (self.parts.store.clone(), change.clone());
        (!change.is_empty()).then(|| Writing {
            change,
            done: Box::pin(async move { store.keep_alerts(copy).await }),
        })
    }

    /// Marks the changes of a failed commit as unsaved again.
    fn take_back(&mut self, change: Change) {
        self.state_changed |= change.state.is_some();
        let put = change.put.into_iter().map(|(id, _)| id);
        self.outbox.still_changed(put.chain(change.gone));
        let since = std::mem::replace(&mut self.events, change.events);
        self.events.extend(since);
    }
}
