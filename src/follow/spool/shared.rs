//! What the tasks of a spool, its thread and its handle share.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

use super::queue::{Most, Queue};
use crate::follow::View;
use crate::telemetry::metrics::Metrics;

/// How far a spool is on its way to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    Open,
    /// No more predictions will come.
    Closed,
    /// Nothing more will be sent.
    Sent,
    /// The time for the stop is over.
    Over,
}

pub struct Shared {
    state: Mutex<State>,
    phase: watch::Sender<Phase>,
    /// For the task that sends: there are predictions.
    added: Notify,
    /// For the thread of the file: it lacks something, or ends.
    lacking: Condvar,
    /// Maximum size of the predictions that wait.
    pub limit: u64,
    view: View,
    metrics: Arc<Metrics>,
}

struct State {
    queue: Queue,
    /// Whether a thread writes what waits to a file.
    has_file: bool,
    /// Whether the last prediction was acknowledged since the thread of the file looked.
    is_emptied: bool,
    /// Whether what waits was counted at the end.
    is_accounted: bool,
    /// Why predictions cannot be sent.
    fault: Option<String>,
}

impl Shared {
    /// `queue`: what the file holds, if there is one.
    pub fn new(queue: Option<Queue>, limit: u64, view: View, metrics: Arc<Metrics>) -> Shared {
        Shared {
            state: Mutex::new(State {
                has_file: queue.is_some(),
                queue: queue.unwrap_or_default(),
                is_emptied: false,
                is_accounted: false,
                fault: None,
            }),
            phase: watch::Sender::new(Phase::Open),
            added: Notify::new(),
            lacking: Condvar::new(),
            limit,
            view,
            metrics,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock can panic halfway through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn has_reached(&self, phase: Phase) -> bool {
        *self.phase.borrow() >= phase
    }

    /// Waits until the spool has reached a phase.
    pub async fn reached(&self, phase: Phase) {
        let mut phases = self.phase.subscribe();
        let reached = phases.wait_for(|now| *now >= phase).await;
        reached.expect("the sender lives as long as `self`");
    }

    pub fn enter(&self, phase: Phase) {
        // With the lock held, so that the thread of the file does not miss it between its check and its wait.
        let _state = self.lock();
        self.phase.send_modify(|now| *now = phase.max(*now));
        self.lacking.notify_all();
    }

    /// Adds predictions to the queue, and drops the oldest beyond the limit.
    pub fn add(&self, lines: Vec<Arc<str>>) {
        if lines.is_empty() {
            return;
        }
        let surplus = {
            let mut state = self.lock();
            state.queue.extend(lines);
            state.queue.shed(self.limit)
        };
        self.drop_predictions(surplus as u64);
        self.show();
        self.added.notify_one();
        self.lacking.notify_all();
    }

    /// The oldest predictions, which are being sent from now on.
    pub fn send(&self, most: Most) -> Vec<Arc<str>> {
        self.lock().queue.send(most)
    }

    /// Removes the predictions that were being sent.
    pub fn sent(&self) {
        {
            let mut state = self.lock();
            state.queue.sent();
            state.is_emptied |= state.queue.is_empty();
            state.fault = None;
        }
        self.show();
        self.lacking.notify_all();
    }

    /// Notes why predictions cannot be sent.
    pub fn failed(&self, fault: String) {
        self.lock().fault = Some(fault);
    }

    /// Waits until predictions are added.
    pub async fn added(&self) {
        self.added.notified().await;
    }

    /// Calls `with` with the queue.
    pub fn queue<T>(&self, with: impl FnOnce(&mut Queue) -> T) -> T {
        with(&mut self.lock().queue)
    }

    /// Waits, on the thread of the file, until the file lacks something and may be written, which it may from `blocked` on, or
    /// until `due`. Returns whether there is more to come after this time.
    pub fn lacking(&self, blocked: Option<Instant>, due: Option<Instant>) -> bool {
        let mut state = self.lock();
        loop {
            if self.has_reached(Phase::Sent) {
                return false;
            }
            // Emptying the file needs no room, so that it is tried at once.
            let is_emptied = std::mem::take(&mut state.is_emptied);
            let may_write = blocked.is_none() && !state.queue.is_written();
            let next = blocked.into_iter().chain(due).min();
            let wait = next.map(|next| next.saturating_duration_since(Instant::now()));
            if is_emptied || may_write || wait == Some(Duration::ZERO) {
                return true;
            }
            state = match wait {
                None => self
                    .lacking
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(wait) => {
                    let waited = self.lacking.wait_timeout(state, wait);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Accounts, once, for what waits at the end: what is not in the file is dropped and counted.
    pub fn account(&self) {
        let (in_file, lost, fault) = {
            let mut state = self.lock();
            if std::mem::replace(&mut state.is_accounted, true) {
                return;
            }
            let in_file = match state.has_file {
                true => state.queue.in_file(),
                false => 0,
            };
            let fault = state.fault.take();
            (in_file, state.queue.len() - in_file, fault)
        };
        let reason = fault.as_deref().unwrap_or("the time for the stop is over");
        if in_file > 0 {
            tracing::warn!(
                count = in_file,
                reason,
                "follower: predictions were not sent; they wait in the spool file for the next start"
            );
        }
        if lost > 0 {
            tracing::error!(
                reason,
                "follower: the last predictions cannot be sent to the source"
            );
        }
        self.drop_predictions(lost as u64);
    }

    pub fn drop_predictions(&self, count: u64) {
        if count > 0 {
            self.view.change(|state| state.dropped += count);
            self.metrics
                .titanic_follow_dropped_predictions_total
                .increment(count);
            tracing::error!(
                count,
                "follower: predictions were dropped; the source does not know them"
            );
        }
    }

    pub fn show(&self) {
        let waiting = self.lock().queue.len();
        self.view.change(|state| state.spooled = waiting);
        self.metrics
            .titanic_follow_spooled_predictions
            .set(waiting as f64);
    }
}
