//! The desk: the task that takes in what is told, decides, keeps, and hands notifications to their channels.
//!
//! A notification is on the disk before it is handed out: in one commit with the state it follows from and the events that
//! tell of it. Only while the store cannot write is it handed out all the same, since that is what it may be about; it is
//! kept as soon as the store can. Each channel has a task of its own, so that one that hangs holds up nobody else; what came
//! of a sending is kept after it. A process that is killed in between sends again, under the same id: at least once.

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
use super::handle::{self, Ask, AskFault, Done, Handle, Reply, Told};
use super::outbox::{Outbox, Row};
use super::state::State;
use crate::clock;
use crate::store::feed::Topic;
pub use parts::{Open, Parts};
use senders::Senders;
use writing::Writing;

/// Between two looks at the clock.
const LOOK: Duration = Duration::from_millis(250);

/// Events that wait for a store that cannot write; the oldest go first.
const MOST_EVENTS: usize = 1000;

pub struct Desk {
    parts: Parts,
    handle: Handle,
    asks: mpsc::Receiver<Ask>,
    state: State,
    outbox: Outbox,
    /// Channels that nothing is sent through, and why.
    paused: BTreeMap<String, String>,
    events: Vec<(String, String)>,
    state_changed: bool,
    /// When what could not be kept is tried again.
    again: Option<Instant>,
    writing: Option<Writing>,
    replies: Vec<(Reply, Done)>,
}

/// A desk, and the handle by which it is told and asked.
pub fn new(mut parts: Parts) -> (Handle, Desk) {
    let (handle, asks) = handle::new();
    let (state, rows) = std::mem::take(&mut parts.kept);
    let mut desk = Desk {
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
    desk.take_up(state.as_deref(), &rows);
    (handle, desk)
}

impl Desk {
    /// Works until it is ended.
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
                let answer = answer.and(is_kept.then_some(()).ok_or(AskFault::NotKept));
                let _ = reply.send(answer); // who asked may have gone away
            }
        }
    }
    /// Takes in what was told; gives whether anything is different.
    fn look(&mut self, told: Told) -> bool {
        if told.dropped > 0 {
            tracing::warn!(
                told.dropped,
                "conditions were told faster than they are looked at"
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
                decision.dropped,
                "there are too many alerts; more are not taken"
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
            // What comes and goes without anybody hearing of it would only fill the disk.
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
