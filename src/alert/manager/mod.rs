//! The alert manager: the task that receives conditions, decides, persists, and hands notifications to their channels.
//!
//! A notification is on the disk before it is sent, in one commit with the state it follows from and the events that record
//! it. Only while the store cannot write is it sent first, because it may be about the store; it is persisted as soon as the
//! store works again. Each channel has its own task, so one that hangs does not hold up the others. The result of a delivery
//! is persisted after the delivery; a process killed in between sends again under the same id: at-least-once delivery.

mod asked;
mod kept;
mod parts;
mod senders;
mod sending;
mod show;
mod writing;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};

pub use asked::silenced;

use super::decide::{Decision, News, decide};
use super::handle::{self, Ask, AskError, Done, Handle, Reply, Told};
use super::outbox::{Outbox, Row};
use super::state::State;
use crate::clock;
use crate::store::feed::Topic;
pub use parts::{Open, Parts};
use senders::Senders;
use writing::Writing;

/// Interval at which the alert manager checks the clock.
const LOOK: Duration = Duration::from_millis(250);

/// Maximum number of events that wait while the store cannot write; the oldest are dropped.
const MOST_EVENTS: usize = 1000;

pub struct Manager {
    parts: Parts,
    handle: Handle,
    asks: mpsc::Receiver<Ask>,
    state: State,
    outbox: Outbox,
    /// Channels through which nothing is sent, with the reason.
    paused: BTreeMap<String, String>,
    events: Vec<(String, String)>,
    state_changed: bool,
    /// When to retry a failed write.
    again: Option<Instant>,
    writing: Option<Writing>,
    replies: Vec<(Reply, Done)>,
}

/// Creates the alert manager and the handle through which other modules report conditions and send requests.
pub fn new(mut parts: Parts) -> (Handle, Manager) {
    let (handle, asks) = handle::new();
    let (state, rows) = std::mem::take(&mut parts.kept);
    let mut manager = Manager {
        parts,
        handle: handle.clone(),
        asks,
        state: State::default(),
        outbox: Outbox::default(),
        paused: BTreeMap::new(),
        events: Vec::new(),
        state_changed: false,
        again: None,
        writing: None,
        replies: Vec::new(),
    };
    manager.take_up(state.as_deref(), &rows);
    (handle, manager)
}

impl Manager {
    /// Runs until the task is aborted.
    pub async fn run(mut self) {
        let (mut senders, mut outcomes) = Senders::start(&self.parts);
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let inbox = self.handle.inbox.clone();
        self.show();
        loop {
            let changed = tokio::select! {
                _ = tick.tick() => false,
                () = inbox.bell.notified() => false,
                Some(ask) = self.asks.recv() => {
                    self.answer(ask);
                    true
                }
                Some(outcome) = outcomes.recv() => {
                    senders.free(&outcome.channel);
                    self.settle(outcome);
                    true
                }
            };
            let changed = self.look(inbox.take()) || changed;
            let is_kept = self.keep().await;
            self.hand_out(&mut senders);
            if changed {
                self.show();
            }
            for (reply, answer) in self.replies.drain(..) {
                let answer = answer.and(is_kept.then_some(()).ok_or(AskError::NotKept));
                let _ = reply.send(answer); // who asked may have gone away
            }
        }
    }
    /// Decides on the reported conditions; returns whether anything changed.
    fn look(&mut self, told: Told) -> bool {
        if told.dropped > 0 {
            tracing::warn!(
                merged = told.dropped,
                "alerts: conditions arrive faster than they are evaluated; older ones were replaced by newer ones"
            );
        }
        let conditions: Vec<_> = told.conditions.into_values().collect();
        let news = News {
            conditions: &conditions,
            whole: &told.whole,
        };
        let now = self.parts.clock.now();
        let before = self.state.clone();
        let mut new_id = || clock::id(now).to_string();
        let state = std::mem::take(&mut self.state);
        let (state, decision) = decide(state, &news, now, &self.parts.options, &mut new_id);
        self.state = state;
        if decision.dropped > 0 {
            tracing::warn!(
                ignored = decision.dropped,
                "alerts: too many at once; new ones are ignored"
            );
        }
        self.state_changed |= !before.is_same_but_for_words(&self.state);
        let changed = before != self.state || !decision.notifications.is_empty();
        self.carry_out(decision, now);
        changed
    }

    fn carry_out(&mut self, decision: Decision, now: Timestamp) {
        for transition in &decision.transitions {
            self.parts.feed.publish(Topic::Alerts, transition);
            // A pending alert that never fires is not notified, so storing it would only fill the disk.
            if !["pending", "inactive"].contains(&transition.state) {
                self.events
                    .push((clock::id(now).to_string(), transition.event_body()));
            }
        }
        if let Some(over) = self.events.len().checked_sub(MOST_EVENTS + 1) {
            self.events.drain(..=over);
        }
        for notification in decision.notifications {
            let document = notification.document(&self.parts.url);
            self.outbox.put(Row {
                id: format!("msg_{}", clock::id(now).simple()),
                channel: notification.channel,
                rule: notification.rule,
                order: 0,
                created: now,
                queued: now,
                body: serde_json::to_string(&document).expect("its keys are text"),
                attempts: 0,
                next: now,
                error: String::new(),
                dead: false,
            });
        }
    }
}
