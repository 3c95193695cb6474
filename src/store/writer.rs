//! The one writer: gathers what comes while the disk is busy, and commits it in one piece.
//!
//! Labels and rows wait for their commit and are answered after it. Predictions do not wait: they are told to subscribers at
//! once and kept with the next commit, at the latest after [`INTERVAL`]; a label for one is always committed after it,
//! because the writer takes every prediction that waits before it takes the label. When [`MOST_PENDING`] of them wait for the
//! disk it takes no more: the recorder's queue fills, and what it has no room for is lost and counted. Then labels and rows
//! wait too, unless the disk fails: they are told so.

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

/// Predictions taken from the queue at once.
const TAKEN: usize = 4096;

/// Pause between two takings: many predictions then cost one waking, and nobody sees five milliseconds.
const PAUSE: Duration = Duration::from_millis(5);

/// How long a prediction may wait for its commit when nothing else is to be written.
pub const INTERVAL: Duration = Duration::from_millis(100);

/// Predictions kept for a disk that does not follow: a few seconds of the fastest traffic, some 16 MiB.
pub const MOST_PENDING: usize = 1 << 16;

/// Labels and rows of one commit; more wait their turn.
const MOST_ASKS: usize = 256;

/// Pause after a failed commit before the predictions are tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What is to be committed.
#[derive(Default)]
struct Pending {
    predictions: Vec<Arc<Prediction>>,
    asks: Vec<Box<dyn Ask>>,
}

type Committed = (Pending, Result<(), StoreError>);

/// A commit under way, and how many predictions are lost with it should it break off.
struct Committing {
    task: JoinHandle<Committed>,
    predictions: usize,
}

/// The writer, to be run as a task.
pub struct Writer {
    pub(super) predictions: mpsc::Receiver<Arc<Prediction>>,
    pub(super) asks: mpsc::Receiver<Box<dyn Ask>>,
    pub(super) keeper: Keeper,
}

/// What the writer works with.
pub(super) struct Keeper {
    pub(super) file: Arc<File>,
    pub(super) feed: Feed,
    pub(super) tap: Tap,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) metrics: Arc<Metrics>,
}

impl Writer {
    /// Writes until nobody can ask any more.
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
            // What was noted before it is committed with it: where there is no room for that, it waits.
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

/// Takes every prediction that waits now, as far as there is room.
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
    /// Predictions for which there is room.
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

    /// Tells subscribers and the shadow of predictions, and keeps them for the next commit.
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

    /// Answers who waited; gives when to try again what is to be tried again.
    fn settle(&self, done: Result<Committed, Broken>, pending: &mut Pending) -> Option<Instant> {
        let (batch, committed) = match done {
            Ok(done) => done,
            // A defect of this program: who asked is told by the dropped reply.
            Err(Broken { panic, predictions }) => {
                tracing::error!(%panic, predictions, "store: commit panicked");
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

/// A commit that broke off.
struct Broken {
    panic: tokio::task::JoinError,
    predictions: usize,
}

/// The end of a commit; never, where there is none.
async fn end(committing: &mut Option<Committing>) -> Result<Committed, Broken> {
    match committing {
        Some(Committing { task, predictions }) => task.await.map_err(|panic| Broken {
            panic,
            predictions: *predictions,
        }),
        None => std::future::pending().await,
    }
}
