//! The single writer task: it gathers requests while the disk is busy and commits them together.
//!
//! Labels and rows wait for their commit and get a response after it. Predictions do not wait: they are published to
//! subscribers at once and stored with the next commit, at most [`INTERVAL`] later. A label is never committed before its
//! prediction, because the writer takes every queued prediction before it takes the label. Once [`MOST_PENDING`] predictions
//! wait for the disk, the writer takes no more: the recorder's queue fills up, and predictions beyond its capacity are
//! dropped and counted. Labels and rows then wait too, unless commits fail: in that case they get an error.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::ask::Ask;
use super::commit;
use super::error::StoreError;
use super::feed::{Feed, Prediction, Tap};
use super::file::File;
use super::health::Health;
use super::predictions;
use crate::clock::Clock;
use crate::telemetry::metrics::{LabelStatus, Metrics};

/// Maximum number of predictions taken from the queue at once.
const TAKEN: usize = 4096;

/// Pause between two reads of the queue. Many predictions then share one wake-up, and a delay of 5 ms does
/// not matter to subscribers.
const PAUSE: Duration = Duration::from_millis(5);

/// How long a prediction may wait for its commit when no label or row forces an earlier one.
pub const INTERVAL: Duration = Duration::from_millis(100);

/// Maximum number of predictions that wait for a slow disk: a few seconds of the fastest traffic, some 16 MiB.
pub const MOST_PENDING: usize = 1 << 16;

/// Maximum number of label and row requests in one commit; further requests wait for the next one.
const MOST_ASKS: usize = 256;

/// Pause after a failed commit before its predictions are committed again.
const RETRY: Duration = Duration::from_secs(1);

/// The predictions and requests of the next commit.
#[derive(Default)]
struct Pending {
    predictions: Vec<Arc<Prediction>>,
    asks: Vec<Box<dyn Ask>>,
}

type Committed = (Pending, Result<(), StoreError>);

/// A running commit, and the number of predictions that are dropped if it panics.
struct Committing {
    task: JoinHandle<Committed>,
    predictions: usize,
}

/// The writer; call [`Writer::run`] in a task.
pub struct Writer {
    pub(super) predictions: mpsc::Receiver<Arc<Prediction>>,
    pub(super) asks: mpsc::Receiver<Box<dyn Ask>>,
    pub(super) keeper: Keeper,
}

/// The dependencies of the writer.
pub(super) struct Keeper {
    pub(super) file: Arc<File>,
    pub(super) feed: Feed,
    pub(super) tap: Tap,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) metrics: Arc<Metrics>,
}

impl Writer {
    /// The queue of predictions, of a server that stores none. Requests to the store get [`StoreError::Closed`].
    pub fn into_predictions(self) -> mpsc::Receiver<Arc<Prediction>> {
        self.predictions
    }

    /// Writes until every sender of predictions or of requests is gone.
    pub async fn run(self) {
        let Writer {
            mut predictions,
            mut asks,
            keeper,
        } = self;
        let mut pending = Pending::default();
        let mut taken = Vec::with_capacity(TAKEN);
        let mut committing: Option<Committing> = None;
        let (mut due, mut rested, mut fails) = (None, Instant::now(), false);
        let mut next: Option<Box<dyn Ask>> = None;
        loop {
            let now = Instant::now();
            let mut room = pending.room();
            // A label must not be committed before its prediction: the queued predictions go first, and the request waits
            // while there is no room for them.
            if (predictions.len() <= room || fails)
                && let Some(ask) = next.take()
            {
                take_waiting(&mut predictions, &mut taken, room);
                keeper.keep(&mut taken, &mut pending);
                pending.asks.push(ask);
                room = pending.room();
            }
            let is_due = due.is_some_and(|due| due <= now) || !pending.asks.is_empty();
            if committing.is_none() && (is_due || (room == 0 && !fails)) {
                take_waiting(&mut predictions, &mut taken, room);
                keeper.keep(&mut taken, &mut pending);
                committing = Some(keeper.commit(std::mem::take(&mut pending)));
                (due, room) = (None, pending.room());
            }
            tokio::select! {
                biased;
                done = end(&mut committing) => {
                    committing = None;
                    let again = keeper.settle(done, &mut pending);
                    fails = again.is_some();
                    due = again.or(due);
                }
                ask = asks.recv(), if pending.asks.len() < MOST_ASKS && next.is_none() => {
                    let Some(ask) = ask else { break };
                    next = Some(ask);
                }
                () = sleep_until(rested), if rested > now => {}
                some = predictions.recv_many(&mut taken, TAKEN.min(room)), if rested <= now && room > 0 => {
                    if some == 0 { break }
                    keeper.keep(&mut taken, &mut pending);
                    rested = Instant::now() + PAUSE;
                    due = due.or(Some(Instant::now() + INTERVAL));
                }
                () = sleep_until(due.unwrap_or(now)), if due.is_some() && committing.is_none() => {}
            }
            keeper.show(pending.predictions.len() + predictions.len());
        }
        pending.asks.extend(next);
        if committing.is_some() {
            keeper.settle(end(&mut committing).await, &mut pending);
        }
        let last = keeper.commit(pending);
        let mut unwritten = Pending::default();
        keeper.settle(end(&mut Some(last)).await, &mut unwritten);
        keeper.lose(unwritten.predictions.len());
    }
}

/// Takes the queued predictions until `taken` holds `room` of them.
fn take_waiting(
    predictions: &mut mpsc::Receiver<Arc<Prediction>>,
    taken: &mut Vec<Arc<Prediction>>,
    room: usize,
) {
    while taken.len() < room
        && let Ok(prediction) = predictions.try_recv()
    {
        taken.push(prediction);
    }
}

impl Pending {
    /// How many more predictions may be pending.
    fn room(&self) -> usize {
        MOST_PENDING.saturating_sub(self.predictions.len())
    }
}

impl Keeper {
    fn show(&self, pending: usize) {
        self.metrics
            .titanic_store_pending_predictions
            .set(pending as f64);
    }

    /// Publishes predictions to subscribers and the shadow scorer, and adds them to the next commit.
    fn keep(&self, taken: &mut Vec<Arc<Prediction>>, pending: &mut Pending) {
        if taken.is_empty() {
            return;
        }
        self.feed.predictions(taken);
        self.tap.offer(taken);
        pending.predictions.append(taken);
    }

    fn lose(&self, lost: usize) {
        if lost > 0 {
            self.metrics
                .titanic_store_dropped_predictions_total
                .increment(lost as u64);
        }
    }

    fn commit(&self, mut pending: Pending) -> Committing {
        let predictions = pending.predictions.len();
        let (file, metrics, now) = (self.file.clone(), self.metrics.clone(), self.clock.now());
        let task = tokio::task::spawn_blocking(move || {
            if pending.predictions.is_empty() && pending.asks.is_empty() {
                return (pending, Ok(()));
            }
            let begun = std::time::Instant::now();
            let done = commit::within(&file, now, |commit| {
                for prediction in &pending.predictions {
                    predictions::keep(commit, prediction)?;
                }
                for ask in &mut pending.asks {
                    ask.apply(commit)?;
                }
                Ok(commit.conflicts)
            });
            match &done {
                Ok((conflicts, counts)) => {
                    metrics
                        .titanic_labels_total
                        .of(LabelStatus::Conflict)
                        .increment(*conflicts);
                    for (kind, count) in counts {
                        metrics
                            .titanic_store_events_total
                            .of(*kind)
                            .increment(*count);
                    }
                    metrics
                        .titanic_store_commit_duration_seconds
                        .record(begun.elapsed().as_secs_f64());
                    metrics.titanic_store_size_bytes.set(file.size() as f64);
                }
                Err(_) => metrics.titanic_store_commit_failures_total.increment(1),
            }
            (pending, done.map(drop))
        });
        Committing { task, predictions }
    }

    /// Sends the responses of a finished commit. After a failure, returns its predictions to `pending` and the
    /// time of the retry.
    fn settle(&self, done: Result<Committed, Broken>, pending: &mut Pending) -> Option<Instant> {
        let (batch, committed) = match done {
            Ok(done) => done,
            // A defect of this program. Callers see it as a closed reply channel.
            Err(Broken { panic, predictions }) => {
                tracing::error!(%panic, predictions, "store: a commit panicked; its predictions are dropped");
                self.lose(predictions);
                return None;
            }
        };
        for ask in batch.asks {
            ask.answer(committed.clone());
        }
        let Err(error) = committed else {
            self.tell(Health::Writing);
            return None;
        };
        if !matches!(error, StoreError::Damaged(_)) {
            self.tell(Health::Failing(error.to_string()));
        }
        let newer = std::mem::replace(&mut pending.predictions, batch.predictions);
        let room = pending.room();
        self.lose(newer.len().saturating_sub(room));
        pending.predictions.extend(newer.into_iter().take(room));
        let again = !pending.predictions.is_empty();
        again.then(|| Instant::now() + RETRY)
    }

    fn tell(&self, health: Health) {
        match (self.file.tell(health.clone()), health) {
            (Some(_), Health::Failing(why)) => {
                tracing::error!(
                    why,
                    "store: cannot write; predictions are still made but not stored"
                );
            }
            (Some(_), Health::Writing) => tracing::info!("store: writing again"),
            _ => {}
        }
    }
}

/// A commit that panicked.
struct Broken {
    panic: tokio::task::JoinError,
    predictions: usize,
}

/// Waits for the end of the running commit; pends forever when there is none.
async fn end(committing: &mut Option<Committing>) -> Result<Committed, Broken> {
    match committing {
        Some(Committing { task, predictions }) => task.await.map_err(|panic| Broken {
            panic,
            predictions: *predictions,
        }),
        None => std::future::pending().await,
    }
}
