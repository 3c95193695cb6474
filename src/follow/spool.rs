//! Sends the predictions of a follower to its source, so that labels, monitor and loop see all traffic.
//!
//! Predictions wait in memory until the source has acknowledged them. Sending one again does no harm: the source stores each
//! id once. When too many wait, the oldest are dropped and counted; a follower that is killed loses what waits.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::View;
use super::source::{Server, SourceError};
use crate::backoff::Backoff;
use crate::store::feed::{Feed, Prediction};
use crate::telemetry::metrics::Metrics;

/// Maximum number of predictions that wait.
const MOST: usize = 1 << 16;

/// Maximum number of predictions in one request.
const BATCH: usize = 2000;

/// Pause between two requests, in which predictions gather.
const PAUSE: Duration = Duration::from_millis(100);

const RETRY: Backoff = Backoff {
    first: Duration::from_millis(200),
    longest: Duration::from_secs(10),
    least: 0.5,
};

/// Publishes predictions to subscribers and sends them to a server.
pub struct Spool {
    /// The server; `None` for a source that takes no predictions.
    pub server: Option<Server>,
    pub feed: Feed,
    pub view: View,
    pub metrics: Arc<Metrics>,
    /// Makes random numbers from 0 to 1.
    pub random: fn() -> f64,
}

/// How many of the predictions in a request the source has, of both kinds.
#[derive(Deserialize)]
struct Taken {
    stored: usize,
    repeated: usize,
}

/// What waits to be sent, between the task's two halves.
#[derive(Default)]
struct Queue {
    waiting: Mutex<VecDeque<Arc<Prediction>>>,
    /// Whether no more predictions will come.
    closed: AtomicBool,
    changed: Notify,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Prediction>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Takes the oldest predictions.
    fn take(&self, most: usize) -> Vec<Arc<Prediction>> {
        let mut waiting = self.lock();
        let count = waiting.len().min(most);
        waiting.drain(..count).collect()
    }

    /// Puts predictions back in front of the others.
    fn give_back(&self, predictions: Vec<Arc<Prediction>>) {
        let mut waiting = self.lock();
        for prediction in predictions.into_iter().rev() {
            waiting.push_front(prediction);
        }
    }

    /// Waits for this time, or until no more predictions will come.
    async fn rest(&self, pause: Duration) {
        let end = Instant::now() + pause;
        while !self.is_closed() {
            tokio::select! {
                () = self.changed.notified() => {}
                () = tokio::time::sleep_until(end) => return,
            }
        }
    }
}

impl Spool {
    /// Runs until every sender of predictions is gone, then sends what waits once more.
    pub async fn run(self, predictions: mpsc::Receiver<Arc<Prediction>>) {
        let queue = Queue::default();
        // Apart, so that a source that hangs holds up neither subscribers nor clients.
        tokio::join!(self.receive(predictions, &queue), self.deliver(&queue));
    }

    async fn receive(&self, mut predictions: mpsc::Receiver<Arc<Prediction>>, queue: &Queue) {
        let mut taken = Vec::new();
        while predictions.recv_many(&mut taken, BATCH).await > 0 {
            self.feed.predictions(&taken);
            if self.server.is_none() {
                taken.clear();
                continue;
            }
            let surplus = {
                let mut waiting = queue.lock();
                waiting.extend(taken.drain(..));
                let surplus = waiting.len().saturating_sub(MOST);
                waiting.drain(..surplus);
                surplus
            };
            self.lose(surplus);
            queue.changed.notify_one();
        }
        queue.closed.store(true, Ordering::Release);
        queue.changed.notify_one();
    }

    async fn deliver(&self, queue: &Queue) {
        let Some(server) = &self.server else {
            return;
        };
        let (mut batch, mut most, mut failures) = (Vec::new(), BATCH, 0);
        loop {
            if batch.is_empty() {
                batch = queue.take(most);
            }
            self.show(batch.len() + queue.lock().len());
            if batch.is_empty() {
                if queue.is_closed() {
                    return;
                }
                queue.changed.notified().await;
                queue.rest(PAUSE).await; // more come soon
                continue;
            }
            match self.send(server, &batch).await {
                Ok(()) => {
                    batch.clear();
                    (most, failures) = (BATCH, 0);
                }
                Err(SourceError::Refused { status, detail, .. }) if is_final(status) => {
                    if batch.len() == 1 {
                        tracing::error!(%status, detail, "follower: the source refuses a prediction");
                        self.lose(1);
                        batch.clear();
                    } else {
                        // Too large together, or one of them is at fault.
                        most = batch.len() / 2;
                        queue.give_back(batch.split_off(most));
                    }
                }
                Err(error) if queue.is_closed() => {
                    tracing::error!(%error, "follower: the last predictions cannot be sent to the source");
                    return self.lose(batch.len() + queue.lock().len());
                }
                Err(error) => {
                    failures += 1;
                    if failures == 1 {
                        tracing::warn!(%error, "follower: predictions cannot be sent to the source; they wait");
                    }
                    queue.rest(RETRY.wait(failures, (self.random)())).await;
                }
            }
        }
    }

    fn lose(&self, count: usize) {
        if count > 0 {
            self.view.change(|state| state.dropped += count as u64);
            self.metrics
                .titanic_follow_dropped_predictions_total
                .increment(count as u64);
            tracing::error!(
                count,
                "follower: predictions were dropped; the source does not know them"
            );
        }
    }

    fn show(&self, waiting: usize) {
        self.view.change(|state| state.spooled = waiting);
        self.metrics
            .titanic_follow_spooled_predictions
            .set(waiting as f64);
    }

    /// Sends predictions; returns once the source has acknowledged each of them.
    async fn send(&self, server: &Server, batch: &[Arc<Prediction>]) -> Result<(), SourceError> {
        let lines: Vec<String> = batch.iter().map(|prediction| prediction.line()).collect();
        let body = server
            .post("v1/events", format!("[{}]", lines.join(",")))
            .await?;
        let other = |fault: String| SourceError::Other {
            source_name: server.name(),
            fault,
        };
        let Taken { stored, repeated } =
            serde_json::from_slice(&body).map_err(|fault| other(fault.to_string()))?;
        match stored + repeated {
            count if count == batch.len() => Ok(()),
            count => Err(other(format!(
                "it took {count} of {} predictions",
                batch.len()
            ))),
        }
    }
}

/// Whether a request with this status would fail again.
fn is_final(status: StatusCode) -> bool {
    [
        StatusCode::BAD_REQUEST,
        StatusCode::PAYLOAD_TOO_LARGE,
        StatusCode::UNPROCESSABLE_ENTITY,
    ]
    .contains(&status)
}
