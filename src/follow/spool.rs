//! Sends the predictions of a follower to its source, so that labels, monitor and loop see all traffic.
//!
//! Predictions wait in memory until the source has acknowledged them. Sending one again does no harm: the source stores each
//! id once. When too many wait, the oldest are dropped and counted; a follower that is killed loses what waits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::View;
use super::source::{Server, SourceError};
use crate::backoff::Backoff;
use crate::store::feed::{Feed, Prediction};
use crate::telemetry::metrics::Metrics;

/// Maximum number of predictions that wait.
const MOST: usize = 1 << 16;

/// Maximum number of predictions in one request.
const BATCH: usize = 500;

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

impl Spool {
    /// Runs until every sender of predictions is gone, then sends what waits once more.
    pub async fn run(self, mut predictions: mpsc::Receiver<Arc<Prediction>>) {
        let (mut waiting, mut taken) = (VecDeque::new(), Vec::new());
        let (mut failures, mut due, mut is_open) = (0, Instant::now(), true);
        while is_open || !waiting.is_empty() {
            if is_open {
                tokio::select! {
                    count = predictions.recv_many(&mut taken, BATCH) => is_open = count > 0,
                    () = tokio::time::sleep_until(due), if !waiting.is_empty() => {}
                }
            }
            self.feed.predictions(&taken);
            if self.server.is_some() {
                waiting.extend(taken.drain(..));
            }
            taken.clear();
            self.drop_oldest(&mut waiting);
            if !waiting.is_empty() && (Instant::now() >= due || !is_open) {
                match self.send(&mut waiting).await {
                    Ok(()) => (failures, due) = (0, Instant::now() + PAUSE),
                    Err(error) => {
                        failures += 1;
                        if failures == 1 {
                            tracing::warn!(%error, waiting = waiting.len(), "follower: predictions cannot be sent to the source; they wait");
                        }
                        due = Instant::now() + RETRY.wait(failures, (self.random)());
                        if !is_open {
                            break; // the server ends
                        }
                    }
                }
            }
            self.show(waiting.len());
        }
        self.lose(waiting.len());
    }

    fn drop_oldest(&self, waiting: &mut VecDeque<Arc<Prediction>>) {
        let surplus = waiting.len().saturating_sub(MOST);
        waiting.drain(..surplus);
        self.lose(surplus);
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

    /// Sends the oldest predictions and removes them once they are acknowledged. Predictions that the source refuses for
    /// good are dropped.
    async fn send(&self, waiting: &mut VecDeque<Arc<Prediction>>) -> Result<(), SourceError> {
        let Some(server) = &self.server else {
            return Ok(());
        };
        let count = waiting.len().min(BATCH);
        let lines: Vec<String> = waiting
            .iter()
            .take(count)
            .map(|prediction| prediction.line())
            .collect();
        match server
            .post("v1/events", format!("[{}]", lines.join(",")))
            .await
        {
            Ok(_) => {}
            Err(SourceError::Refused { status, detail, .. }) if is_final(status) => {
                tracing::error!(%status, detail, "follower: the source refuses predictions");
                self.lose(count);
            }
            Err(error) => return Err(error),
        }
        waiting.drain(..count);
        Ok(())
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
