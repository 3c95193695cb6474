//! The desk: the task that takes in what is told, decides, keeps, and hands notifications to their channels.
//!
//! A notification is on the disk before it is handed out: in one commit with the state it follows from and the events that
//! tell of it. Only while the store cannot write is it handed out all the same, since that is what it may be about; it is
//! kept as soon as the store can. Each channel has a task of its own, so that one that hangs holds up nobody else; what came
//! of a sending is kept after it. A process that is killed in between sends again, under the same id: at least once.

mod senders;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior};
use uuid::Uuid;

use super::channels::{self, Channel, ChannelKind};
use super::condition::RULES;
use super::decide::{Decision, News, decide};
use super::handle::{self, Ask, AskFault, Handle, Told};
use super::options::Options;
use super::outbox::{Outbox, Row};
use super::silence::{self, Silence};
use super::state::{Phase, State, Transition};
use super::view::{self, ChannelView, View};
use crate::clock::Clock;
use crate::store::Store;
use crate::store::alerts::Change;
use crate::store::feed::{Feed, Topic};
use crate::telemetry::metrics::Metrics;
use senders::{Outcome, Senders};

/// Between two looks at the clock.
const LOOK: Duration = Duration::from_millis(250);

/// How long a commit is waited for: a disk that hangs must not keep an alert about it from going out.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two tries to keep what could not be kept.
const AGAIN: Duration = Duration::from_secs(1);

/// Events that wait for a store that cannot write; the oldest go first.
const MOST_EVENTS: usize = 1000;

/// An open channel.
#[derive(Clone, Debug)]
pub struct Open {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: ChannelKind,
    /// The way out.
    pub channel: Arc<dyn Channel>,
}

/// What a desk works with.
pub struct Parts {
    /// Where everything is kept.
    pub store: Store,
    /// Whom transitions are told.
    pub feed: Feed,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// How alerts behave.
    pub options: Options,
    /// The channels that the options name.
    pub channels: Vec<Open>,
    /// Where the server is, as receivers are told.
    pub url: String,
    /// Draws a number from 0 to 1, evenly.
    pub random: fn() -> f64,
}

/// The task.
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
    replies: Vec<(oneshot::Sender<Result<(), AskFault>>, Result<(), AskFault>)>,
}

/// A desk, and the handle by which it is told and asked.
pub fn new(parts: Parts) -> (Handle, Desk) {
    let (handle, asks) = handle::new();
    let desk = Desk {
        parts,
        handle: handle.clone(),
        asks,
        state: State::default(),
        outbox: Outbox::default(),
        paused: BTreeMap::new(),
        events: Vec::new(),
        state_changed: false,
        again: None,
        replies: Vec::new(),
    };
    (handle, desk)
}

impl Desk {
    /// Works until it is ended.
    pub async fn run(mut self) {
        self.load().await;
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
            self.keep().await;
            self.hand_out(&mut senders);
            if changed {
                self.show();
            }
            for (reply, answer) in self.replies.drain(..) {
                let _ = reply.send(answer); // who asked may have gone away
            }
        }
    }

    /// What was kept before.
    async fn load(&mut self) {
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
            Ok(state) => self.state = state,
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
        let mut new_id = || fresh(now).to_string();
        let state = std::mem::take(&mut self.state);
        let (state, decision) = decide(state, &news, now, &self.parts.options, &mut new_id);
        self.state = state;
        if decision.dropped > 0 {
            tracing::warn!(
                decision.dropped,
                "there are too many alerts; more are not taken"
            );
        }
        self.state_changed |= !is_same_but_for_words(&before, &self.state);
        let changed = before != self.state || !decision.notifications.is_empty();
        self.carry_out(decision, now);
        changed
    }

    fn carry_out(&mut self, decision: Decision, now: Timestamp) {
        for transition in &decision.transitions {
            self.parts.feed.publish(Topic::Alerts, transition);
            // What comes and goes without anybody hearing of it would only fill the disk.
            if !["pending", "inactive"].contains(&transition.state) {
                self.events.push((fresh(now).to_string(), body(transition)));
            }
        }
        if let Some(over) = self.events.len().checked_sub(MOST_EVENTS + 1) {
            self.events.drain(..=over);
        }
        for notification in decision.notifications {
            let document = notification.document(&self.parts.url);
            self.outbox.put(Row {
                id: format!("msg_{}", fresh(now).simple()),
                channel: notification.channel,
                rule: notification.rule,
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

    /// Keeps what has changed; what cannot be kept is tried again.
    async fn keep(&mut self) {
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

    /// Gives every channel that is free what is due for it.
    fn hand_out(&self, senders: &mut Senders) {
        let now = self.parts.clock.now();
        for open in &self.parts.channels {
            if self.paused.contains_key(&open.name) || !senders.is_free(&open.name) {
                continue;
            }
            let due = self.outbox.due(&open.name, now, &self.parts.options.retry);
            if let Some(parcel) = due {
                senders.send(&open.name, parcel);
            }
        }
    }

    /// What came of a sending.
    fn settle(&mut self, outcome: Outcome) {
        let Outcome {
            channel,
            kind,
            id,
            result,
        } = outcome;
        let metrics = &self.parts.metrics;
        let failure = match result {
            Ok(()) => {
                metrics
                    .titanic_notifications_sent_total
                    .of(kind)
                    .increment(1);
                self.outbox.taken(&id);
                return;
            }
            Err(failure) => failure,
        };
        metrics
            .titanic_notifications_failed_total
            .of(kind)
            .increment(1);
        let now = self.parts.clock.now();
        let retry = &self.parts.options.retry;
        let dead = self
            .outbox
            .failed(&id, &failure, now, retry, (self.parts.random)());
        let why = failure.why.as_str();
        if failure.gone {
            tracing::error!(
                channel,
                id,
                why,
                "the receiver wants no more; the channel is paused"
            );
            self.paused.insert(channel, failure.why);
        } else if dead {
            tracing::error!(
                channel,
                id,
                why,
                "a notification was given up; it can be sent again by hand"
            );
        } else {
            tracing::warn!(
                channel,
                id,
                why,
                "a notification was not taken; it is sent again"
            );
        }
    }

    /// Does what is asked; the answer goes out once it is kept.
    fn answer(&mut self, ask: Ask) {
        let now = self.parts.clock.now();
        let (reply, answer) = match ask {
            Ask::Silence {
                alert,
                time,
                comment,
                reply,
            } => (reply, self.silence(&alert, time, comment, now)),
            Ask::Unsilence { alert, reply } => (reply, self.unsilence(alert)),
            Ask::Resend { letter, reply } => {
                let answer = match self.outbox.revive(&letter, now) {
                    Some(channel) => {
                        self.paused.remove(&channel);
                        Ok(())
                    }
                    None => Err(AskFault::NoLetter(letter)),
                };
                (reply, answer)
            }
        };
        self.replies.push((reply, answer));
    }

    fn silence(
        &mut self,
        alert: &str,
        time: Duration,
        comment: String,
        now: Timestamp,
    ) -> Result<(), AskFault> {
        let silence = silenced(&self.state, alert, time, comment, now)?;
        self.state.silences.push(silence);
        if self.state.silences.len() > silence::MOST {
            self.state.silences.remove(0);
        }
        self.state_changed = true;
        Ok(())
    }

    fn unsilence(&mut self, alert: String) -> Result<(), AskFault> {
        let found = self.state.alerts.values().find(|found| found.id == alert);
        let found = found
            .ok_or_else(|| AskFault::NoAlert(alert.clone()))?
            .clone();
        let before = self.state.silences.len();
        self.state.silences.retain(|silence| !silence.names(&found));
        if self.state.silences.len() == before {
            return Err(AskFault::NotSilenced(alert));
        }
        self.state_changed = true;
        Ok(())
    }

    /// Lets everybody see how things stand.
    fn show(&self) {
        let channel = |open: &Open| ChannelView {
            name: open.name.clone(),
            kind: channels::name(open.kind),
            paused: self.paused.get(&open.name).cloned(),
        };
        let view = View {
            alerts: view::alerts(&self.state),
            silences: self.state.silences.clone(),
            channels: self.parts.channels.iter().map(channel).collect(),
            outbox: self.outbox.view(),
        };
        self.handle.view.store(Arc::new(view));
        let metrics = &self.parts.metrics;
        for rule in RULES {
            let fires = self.state.alerts.values();
            let fires = fires.filter(|a| a.rule == rule && a.phase == Phase::Firing);
            metrics
                .titanic_alerts_firing
                .of(rule)
                .set(fires.count() as f64);
        }
        for kind in [ChannelKind::Webhook, ChannelKind::Email, ChannelKind::Log] {
            let of = self.parts.channels.iter().filter(|open| open.kind == kind);
            let counts = of.map(|open| self.outbox.counts(&open.name));
            let (waiting, dead) = counts.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            metrics
                .titanic_notifications_waiting
                .of(kind)
                .set(waiting as f64);
            metrics.titanic_notifications_dead.of(kind).set(dead as f64);
        }
    }
}

/// A silence of one alert.
///
/// # Errors
/// When there is no such alert.
pub fn silenced(
    state: &State,
    alert: &str,
    time: Duration,
    comment: String,
    now: Timestamp,
) -> Result<Silence, AskFault> {
    let found = state.alerts.values().find(|found| found.id == alert);
    let found = found.ok_or_else(|| AskFault::NoAlert(alert.into()))?;
    Ok(Silence::of(
        fresh(now).to_string(),
        found,
        now,
        time,
        comment,
    ))
}

/// A new id of that time.
pub fn fresh(now: Timestamp) -> Uuid {
    let second = u64::try_from(now.as_second()).unwrap_or(0);
    let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, second, nanos))
}

/// A transition as it is stored: an event has an id of its own.
fn body(transition: &Transition) -> String {
    let mut body = serde_json::to_value(transition).expect("its keys are text");
    if let Value::Object(fields) = &mut body {
        let alert = fields.remove("id").unwrap_or_default();
        fields.insert("alert".into(), alert);
    }
    body.to_string()
}

/// Whether two states differ in nothing but what is said of alerts: that is told anew anyway, and not worth a commit.
fn is_same_but_for_words(one: &State, other: &State) -> bool {
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
