//! Sends the predictions of a follower to its source, so that labels, monitor and loop see all traffic.
//!
//! Predictions wait in a queue until the source has acknowledged them, and if there is a folder for it, in a
//! [`SpoolFile`] too. Sending one again does no harm: the source stores each id once. When too many wait, the oldest are
//! dropped and counted.
//!
//! A prediction is answered before it is in the file, so that no response waits for a disk. A follower that is killed loses
//! those of its last moments, as a writer does; without a file it loses all that wait.

mod file;
mod queue;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;
use tokio::sync::{Notify, mpsc};
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::{Instant, timeout_at};

use super::View;
use super::error::SourceError;
use super::options;
use super::source::Server;
use crate::backoff::Backoff;
use crate::store::feed::{Feed, Prediction};
use crate::telemetry::metrics::Metrics;
pub use file::{SpoolError, SpoolFile};
use queue::Queue;

/// Maximum number of predictions in one request.
const BATCH: usize = 2000;

/// Pause between two requests, in which predictions gather.
const PAUSE: Duration = Duration::from_millis(100);

const RETRY: Backoff = Backoff {
    first: Duration::from_millis(200),
    longest: Duration::from_secs(10),
    least: 0.5,
};

/// Pause after a failed write of the file.
const REWRITE: Duration = Duration::from_secs(1);

/// Publishes predictions to subscribers and sends them to a server.
pub struct Spool {
    /// The server; `None` for a source that takes no predictions.
    pub server: Option<Server>,
    pub options: options::Spool,
    pub feed: Feed,
    pub view: View,
    pub metrics: Arc<Metrics>,
    /// Makes random numbers from 0 to 1.
    pub random: fn() -> f64,
}

/// A running spool.
pub struct Handle {
    task: JoinHandle<()>,
    shared: Arc<Shared>,
}

/// How many of the predictions in a request the source has, of both kinds.
#[derive(Deserialize)]
struct Taken {
    stored: usize,
    repeated: usize,
}

/// What the task's two halves and its handle share.
struct Shared {
    waiting: Mutex<Queue>,
    /// Whether no more predictions will come.
    closed: AtomicBool,
    /// Whether every prediction that waits is in the file too.
    is_in_file: AtomicBool,
    changed: Notify,
    acknowledged: Notify,
    view: View,
    metrics: Arc<Metrics>,
}

impl Spool {
    /// Opens the file, if there is to be one, and starts the task, which runs until every sender of predictions is gone and
    /// what waits was sent.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn start(self, predictions: mpsc::Receiver<Arc<Prediction>>) -> Result<Handle, SpoolError> {
        let folder = self.options.folder.as_deref();
        let opened = match folder.filter(|_| self.server.is_some()) {
            Some(folder) => Some(SpoolFile::open(folder)?),
            None => None,
        };
        let (file, found) = opened.unzip();
        let shared = Arc::new(Shared {
            waiting: Mutex::default(),
            closed: AtomicBool::new(false),
            is_in_file: AtomicBool::new(file.is_some()),
            changed: Notify::new(),
            acknowledged: Notify::new(),
            view: self.view.clone(),
            metrics: self.metrics.clone(),
        });
        let found = found.unwrap_or_default();
        if !found.lines.is_empty() {
            tracing::info!(
                count = found.lines.len(),
                "follower: predictions of the last run are sent to the source"
            );
        }
        shared.drop_predictions(found.damaged);
        shared.add(found.lines, self.options.size.0);
        let task = tokio::spawn(self.run(predictions, file, shared.clone()));
        Ok(Handle { task, shared })
    }

    async fn run(
        self,
        predictions: mpsc::Receiver<Arc<Prediction>>,
        file: Option<SpoolFile>,
        shared: Arc<Shared>,
    ) {
        // Apart, so that a source that hangs holds up neither subscribers nor clients.
        let (file, ()) = tokio::join!(
            self.receive(predictions, file, &shared),
            self.deliver(&shared)
        );
        // What was sent at last is not sent again by the next start.
        shared.write(file, Vec::new()).await;
    }

    /// Takes predictions into the queue and the file, which belongs to this half alone.
    async fn receive(
        &self,
        mut predictions: mpsc::Receiver<Arc<Prediction>>,
        mut file: Option<SpoolFile>,
        shared: &Arc<Shared>,
    ) -> Option<SpoolFile> {
        let mut taken = Vec::new();
        let mut rewrite = Instant::now();
        loop {
            let is_behind = file.as_ref().is_some_and(SpoolFile::is_behind);
            let count = tokio::select! {
                count = predictions.recv_many(&mut taken, BATCH) => Some(count),
                () = shared.acknowledged.notified() => None,
                () = tokio::time::sleep_until(rewrite), if is_behind => None,
            };
            self.feed.predictions(&taken);
            let made = taken.drain(..).filter(|_| self.server.is_some());
            let lines: Vec<Arc<str>> = made.map(|prediction| prediction.line().into()).collect();
            // First, because the file is written anew from what is in the queue.
            shared.add(lines.clone(), self.options.size.0);
            let is_last = count == Some(0);
            if !is_behind || is_last || Instant::now() >= rewrite {
                file = shared.write(file, lines).await;
                rewrite = Instant::now() + REWRITE;
            }
            if is_last {
                break;
            }
        }
        shared.closed.store(true, Ordering::Release);
        shared.changed.notify_one();
        file
    }

    async fn deliver(&self, shared: &Shared) {
        let Some(server) = &self.server else {
            return;
        };
        let (mut most, mut failures) = (BATCH, 0);
        loop {
            let batch = shared.lock().send(most);
            if batch.is_empty() {
                if shared.is_closed() {
                    return;
                }
                shared.changed.notified().await;
                shared.rest(PAUSE).await; // more come soon
                continue;
            }
            match send(server, &batch).await {
                Ok(()) => {
                    shared.sent();
                    (most, failures) = (BATCH, 0);
                }
                Err(SourceError::Refused { status, detail, .. }) if is_final(status) => {
                    if batch.len() == 1 {
                        tracing::error!(%status, detail, "follower: the source rejects a prediction");
                        shared.drop_predictions(1);
                        shared.sent();
                    } else {
                        // Too large together, or one of them is at fault.
                        most = batch.len() / 2;
                    }
                }
                Err(error) if shared.is_closed() => return shared.give_up(&error.to_string()),
                Err(error) => {
                    failures += 1;
                    if failures == 1 {
                        tracing::warn!(%error, "follower: predictions cannot be sent to the source; they wait");
                    }
                    shared.rest(RETRY.wait(failures, (self.random)())).await;
                }
            }
        }
    }
}

impl Handle {
    /// Waits until what waits was sent, at most until `end`; what was not sent then is dropped and counted, unless it is in the
    /// file. Every sender of predictions must be gone.
    pub async fn end(mut self, end: Instant) {
        if timeout_at(end, &mut self.task).await.is_err() {
            self.task.abort();
            self.shared.give_up("the time for the stop is over");
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Adds predictions to the queue, which takes at most `limit` bytes.
    fn add(&self, lines: Vec<Arc<str>>, limit: u64) {
        if lines.is_empty() {
            return;
        }
        let surplus = {
            let mut waiting = self.lock();
            waiting.extend(lines);
            waiting.shed(limit)
        };
        self.drop_predictions(surplus);
        self.show();
        self.changed.notify_one();
    }

    /// Removes the predictions that were being sent.
    fn sent(&self) {
        self.lock().sent();
        self.show();
        self.acknowledged.notify_one();
    }

    /// Brings the file up to the queue: appends predictions, or writes it anew if it is large or lacks some.
    async fn write(
        self: &Arc<Self>,
        file: Option<SpoolFile>,
        added: Vec<Arc<str>>,
    ) -> Option<SpoolFile> {
        let mut file = file?;
        let this = self.clone();
        let written = spawn_blocking(move || {
            let was_behind = file.is_behind();
            if let Err(error) = this.write_blocking(&mut file, &added)
                && !was_behind
            {
                tracing::error!(%error, "follower: the spool file cannot be written; predictions wait in memory alone");
            }
            if was_behind && !file.is_behind() {
                tracing::info!("follower: the spool file is written again");
            }
            this.is_in_file.store(!file.is_behind(), Ordering::Release);
            file
        });
        let panicked =
            |panic: tokio::task::JoinError| std::panic::resume_unwind(panic.into_panic());
        Some(written.await.unwrap_or_else(panicked))
    }

    fn write_blocking(&self, file: &mut SpoolFile, added: &[Arc<str>]) -> std::io::Result<()> {
        if !file.is_behind() {
            file.append(added)?;
        }
        let is_large = file.is_large_for(self.lock().bytes());
        if file.is_behind() || is_large {
            let waiting = self.lock().lines();
            file.replace(&waiting)?;
        }
        Ok(())
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

    /// Accounts for what waits when the server stops.
    fn give_up(&self, reason: &str) {
        let count = self.lock().len();
        if count > 0 && self.is_in_file.load(Ordering::Acquire) {
            tracing::warn!(
                count,
                reason,
                "follower: predictions were not sent; they wait in the spool file for the next start"
            );
        } else if count > 0 {
            tracing::error!(
                reason,
                "follower: the last predictions cannot be sent to the source"
            );
            self.drop_predictions(count);
        }
    }

    fn drop_predictions(&self, count: usize) {
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

    fn show(&self) {
        let waiting = self.lock().len();
        self.view.change(|state| state.spooled = waiting);
        self.metrics
            .titanic_follow_spooled_predictions
            .set(waiting as f64);
    }
}

/// Sends predictions; returns once the source has acknowledged each of them.
async fn send(server: &Server, batch: &[Arc<str>]) -> Result<(), SourceError> {
    let body = server
        .post("v1/events", format!("[{}]", batch.join(",")))
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

/// Whether a request with this status would fail again.
fn is_final(status: StatusCode) -> bool {
    [
        StatusCode::BAD_REQUEST,
        StatusCode::PAYLOAD_TOO_LARGE,
        StatusCode::UNPROCESSABLE_ENTITY,
    ]
    .contains(&status)
}
