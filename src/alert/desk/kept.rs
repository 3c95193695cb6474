//! What outlives the process: read at the start, written whenever it has changed.

use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::Desk;
use crate::alert::outbox::{Outbox, Row};
use crate::alert::state::{State, Transition};
use crate::store::alerts::Change;

/// How long a commit is waited for: a disk that hangs must not keep an alert about it from going out.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two tries to keep what could not be kept.
const AGAIN: Duration = Duration::from_secs(1);

impl Desk {
    /// What was kept before.
    pub(super) async fn load(&mut self) {
        let store = self.parts.store.clone();
        let kept = tokio::task::spawn_blocking(move || store.alerts()).await;
        let (state, rows) = match kept {
            Ok(Ok(kept)) => kept,
            Ok(Err(error)) => {
                tracing::error!(%error, "alerts of before are not known");
                return;
            }
            Err(panic) => {
                tracing::error!(%panic, "alerts of before are not known");
                return;
            }
        };
        match state.map_or_else(|| Ok(State::default()), |json| serde_json::from_str(&json)) {
            Ok(state) => self.state = state.resumed(self.parts.clock.now()),
            Err(error) => {
                tracing::error!(%error, "alerts of before cannot be read; they begin anew")
            }
        }
        let read = rows
            .iter()
            .filter_map(|json| match serde_json::from_str::<Row>(json) {
                Ok(row) => Some(row),
                Err(error) => {
                    tracing::error!(%error, "a notification cannot be read and is not sent");
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
            let why = "its channel is in the settings no more";
            self.outbox.give_up(&id, why.into());
        }
    }

    /// Keeps what has changed; what cannot be kept is tried again.
    pub(super) async fn keep(&mut self) {
        if self.again.is_some_and(|again| Instant::now() < again) {
            return;
        }
        let (put, gone) = self.outbox.take_changes();
        let state = self
            .state_changed
            .then(|| serde_json::to_string(&self.state).expect("its keys are text"));
        let events = std::mem::take(&mut self.events);
        let change = Change {
            state,
            events,
            put,
            gone,
        };
        if change.is_empty() {
            self.again = None;
            return;
        }
        let kept = tokio::time::timeout(PATIENCE, self.parts.store.keep_alerts(change.clone()));
        let why = match kept.await {
            Ok(Ok(())) => {
                (self.state_changed, self.again) = (false, None);
                return;
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => "the store does not answer".into(),
        };
        if self.again.is_none() {
            tracing::warn!(why, "alerts are not kept, and told all the same");
        }
        self.again = Some(Instant::now() + AGAIN);
        let put = change.put.into_iter().map(|(id, _)| id);
        self.outbox.still_changed(put.chain(change.gone));
        self.events = change.events;
    }
}

/// A transition as it is stored: an event has an id of its own.
pub(super) fn body(transition: &Transition) -> String {
    let mut body = serde_json::to_value(transition).expect("its keys are text");
    if let Value::Object(fields) = &mut body {
        let alert = fields.remove("id").unwrap_or_default();
        fields.insert("alert".into(), alert);
    }
    body.to_string()
}

/// Whether two states differ in nothing but what is said of alerts: that is told anew anyway, and not worth a commit.
pub(super) fn is_same_but_for_words(one: &State, other: &State) -> bool {
    let same = one.groups == other.groups
        && one.silences == other.silences
        && one.alerts.len() == other.alerts.len();
    same && one
        .alerts
        .iter()
        .zip(&other.alerts)
        .all(|((a, x), (b, y))| {
            a == b
                && (x.phase, x.active, x.silenced) == (y.phase, y.active, y.silenced)
                && (x.since, x.starts_at, x.ends_at) == (y.since, y.starts_at, y.ends_at)
        })
}
