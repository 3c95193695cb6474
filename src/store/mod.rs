//! The event store: predictions, rows, labels and other events on disk, and a live feed of them in memory.
//!
//! * [`feed`]: the live feed of events, in memory, for subscribers.
//! * [`Store`]: every event on disk, in `STATE/events.redb`, with labels that arrive late and rows that clients submit.
//!
//! A single task writes ([`Writer`]). Every other task either sends the writer a request, which completes once the data is
//! on disk, or reads a snapshot.
//!
//! Architecture invariant: this module knows the schema, but neither HTTP nor models.

pub mod alerts;
mod ask;
mod block;
pub mod check;
mod commit;
mod error;
pub mod event;
pub mod feed;
mod file;
pub mod follow;
mod health;
mod ids;
pub mod kind;
pub mod labels;
mod layout;
pub mod maintenance;
pub mod offline;
pub mod options;
mod predictions;
mod query;
mod read;
pub mod remembered;
pub mod retention;
pub mod row;
pub mod rows;
#[cfg(test)]
mod tests;
pub mod upkeep;
pub mod waiting;
mod writer;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};

pub use error::{OpenError, StoreError};
pub use file::{Backend, File, NAME, volume};
pub use health::Health;
pub use layout::Key;
pub use read::{Snapshot, Stats};
pub use writer::Writer;

use crate::clock::Clock;
use crate::telemetry::metrics::Metrics;
use alerts::Change;
use ask::Ask;
use commit::Commit;
use event::{Event, Id, Line};
use feed::{Feed, Prediction, Tap};
use kind::Kind;
use labels::{Done, Given, Status};
use maintenance::Retried;
use retention::{Dropped, Keep};
use rows::{NewRows, Outcome, StoredRows};
use waiting::Bound;

/// Maximum number of requests in the writer's queue; further callers wait for a free place.
const MOST_WAITING: usize = 1024;

/// Maximum number of idempotency keys removed in one commit.
const FORGOTTEN: usize = 4096;

/// Handle to the event store; clones share the same file and writer.
#[derive(Clone)]
pub struct Store {
    file: Arc<File>,
    asks: mpsc::Sender<Box<dyn Ask>>,
    waiting: Bound,
    metrics: Arc<Metrics>,
}

/// The dependencies of a store.
pub struct Parts {
    pub file: File,
    /// The queue from which the writer takes predictions.
    pub predictions: mpsc::Receiver<Arc<Prediction>>,
    /// The live feed to which the writer publishes predictions.
    pub feed: Feed,
    /// The queue that passes predictions on to the shadow scorer.
    pub tap: Tap,
    /// The clock that dates the events.
    pub clock: Arc<dyn Clock>,
    pub metrics: Arc<Metrics>,
    /// How many labels may wait for their predictions, and how many bytes they may take.
    pub waiting: Bound,
}

impl Store {
    /// Creates a store and its writer, which has to be run as a task.
    pub fn new(parts: Parts) -> (Store, Writer) {
        let (asks, asked) = mpsc::channel(MOST_WAITING);
        let file = Arc::new(parts.file);
        let store = Store {
            file: file.clone(),
            asks,
            waiting: parts.waiting,
            metrics: parts.metrics.clone(),
        };
        let keeper = writer::Keeper {
            file,
            feed: parts.feed,
            tap: parts.tap,
            clock: parts.clock,
            metrics: parts.metrics,
        };
        let writer = Writer {
            predictions: parts.predictions,
            asks: asked,
            keeper,
        };
        (store, writer)
    }

    /// The file of the store, for readers that also read a file which no server has open.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Whether the store can be written; the receiver is notified when that changes.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.file.health()
    }

    /// Number of predictions since the start that clients received but the store dropped.
    pub fn lost(&self) -> u64 {
        self.metrics.titanic_store_dropped_predictions_total.count()
    }

    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Commit<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (ask, answer) = ask::ask(work);
        self.asks.send(ask).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    /// Stores labels and joins them to their predictions. Unless `partial`, one contradiction rejects all of them.
    pub async fn label(&self, given: Vec<Given>, partial: bool) -> Result<Vec<Status>, StoreError> {
        let done = self.label_by(given, partial).await?;
        Ok(done.into_iter().map(|done| done.status).collect())
    }

    /// Does the same as [`Store::label`], and also returns the ids of the predictions, which the caller does not know where
    /// labels name a prediction by its row's own id.
    pub async fn label_by(
        &self,
        given: Vec<Given>,
        partial: bool,
    ) -> Result<Vec<Done>, StoreError> {
        let bound = self.waiting;
        let all = self
            .ask(move |commit| labels::take(commit, &given, partial, bound))
            .await?
            .ok_or(StoreError::WaitingFull(bound.labels))?;
        for done in &all {
            self.metrics
                .titanic_labels_total
                .of(done.status.label())
                .increment(1);
        }
        Ok(all)
    }

    /// Stores a batch of rows. An error means that nothing of the batch is stored.
    pub async fn take(&self, batch: NewRows) -> Result<Outcome, StoreError> {
        let outcome = self.ask(move |commit| rows::take(commit, &batch)).await?;
        outcome.count(&self.metrics);
        Ok(outcome)
    }

    /// Does the same as [`Store::take`], but blocks the calling thread. The thread may have a runtime of its own, which is
    /// blocked too. Tokio's cooperative budget is switched off for the wait: no other task runs there that would need a turn.
    pub fn take_blocking(&self, batch: NewRows) -> Result<Outcome, StoreError> {
        pollster::block_on(tokio::task::unconstrained(self.take(batch)))
    }

    /// Stores predictions that another server made; returns how many were stored, the others being stored already. On return
    /// they are on the disk.
    ///
    /// # Errors
    /// They cannot be written, or one cannot be decoded; then none is stored.
    pub async fn adopt(&self, lines: Vec<Line>) -> Result<usize, StoreError> {
        self.ask(move |commit| {
            let records: Result<Vec<_>, _> = lines.iter().map(Line::record).collect();
            predictions::adopt(commit, &records?)
        })
        .await
    }

    /// Stores an event whose body is a JSON object; returns the event's sequence number.
    pub async fn tell(&self, kind: Kind, id: String, body: String) -> Result<u64, StoreError> {
        self.ask(move |commit| {
            commit.append(commit.now, Id::of(&id), &Event::Document(kind, &body))
        })
        .await
    }

    /// Stores the state of a task under a name and replaces the previous one.
    pub async fn remember(&self, name: String, json: String) -> Result<(), StoreError> {
        self.ask(move |commit| {
            commit.notes.insert(&*name, &*json)?;
            Ok(())
        })
        .await
    }

    /// Stores events and the state of the task that made them, all or nothing, so that a task which resumes from that state
    /// writes no event twice.
    pub async fn conclude(
        &self,
        events: Vec<(Kind, String, String)>,
        name: String,
        json: String,
    ) -> Result<(), StoreError> {
        self.ask(move |commit| {
            for (kind, id, body) in &events {
                commit.append(commit.now, Id::of(id), &Event::Document(*kind, body))?;
            }
            commit.notes.insert(&*name, &*json)?;
            Ok(())
        })
        .await
    }

    /// Stores a change of alerts and their notifications, all or nothing.
    pub async fn keep_alerts(&self, change: Change) -> Result<(), StoreError> {
        self.ask(move |commit| alerts::keep(commit, &change)).await
    }

    /// Expires labels that have waited for their prediction since before `since`; returns their number.
    pub async fn expire(&self, since: Timestamp) -> Result<usize, StoreError> {
        self.ask(move |commit| labels::expire(commit, since)).await
    }

    /// Drops the oldest events until the store is within the limits of `keep`, in several commits; returns what was dropped.
    /// Events of commits before an error stay dropped.
    pub async fn retain(&self, keep: Keep) -> Result<Dropped, StoreError> {
        let mut all = Dropped::default();
        if keep == Keep::default() {
            return Ok(all);
        }
        loop {
            let work = move |commit: &mut Commit<'_>| retention::apply(commit, keep);
            let (dropped, more) = self.ask(work).await?;
            all.events += dropped.events;
            all.bytes += dropped.bytes;
            if !more {
                return Ok(all);
            }
        }
    }

    /// Removes the idempotency keys of requests older than `since`. When it fails, some of them may already be removed.
    pub async fn forget_requests(&self, since: Timestamp) -> Result<(), StoreError> {
        let file = self.file.clone();
        let find = move || file.read(|snapshot| rows::requests_before(snapshot, since));
        let found = tokio::task::spawn_blocking(find).await;
        for keys in found.map_err(|_| StoreError::Closed)??.chunks(FORGOTTEN) {
            let keys = keys.to_vec();
            self.ask(move |commit| {
                for key in &keys {
                    commit.requests.remove(&**key)?;
                }
                Ok(())
            })
            .await?;
        }
        Ok(())
    }

    /// Returns once everything that was sent to the writer before is on disk.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.ask(|_| Ok(())).await
    }

    /// Closes the file for good, so that another process can open it. Later requests to this store are rejected.
    pub fn close(&self) {
        self.file.shut();
    }

    /// Moves rows that are valid now from quarantine to the stored rows, and updates the reasons of the others.
    pub async fn retry_quarantined(&self, retried: Retried) -> Result<StoredRows, StoreError> {
        self.ask(move |commit| maintenance::retry(commit, &retried))
            .await
    }

    /// Removes rows from quarantine; returns how many were there.
    pub async fn drop_quarantined(&self, ids: Vec<String>) -> Result<usize, StoreError> {
        self.ask(move |commit| maintenance::forget(commit, &ids))
            .await
    }

    /// Reads every event of one snapshot and compares every index with the events. The database pages are not verified: that
    /// needs exclusive access to the file. Returns none where `stopped` ended the check early.
    pub fn check(&self, stopped: &dyn Fn() -> bool) -> Result<Option<check::Report>, StoreError> {
        check::check_until(&self.file, stopped)
    }

    /// Returns unused space to the file system; returns the file size in bytes before and after. Reads
    /// and writes block meanwhile.
    pub fn compact(&self) -> Result<(u64, u64), StoreError> {
        let before = self.file.size();
        maintenance::compact(&self.file)?;
        Ok((before, self.file.size()))
    }

    /// Writes the address under which this process serves the store into a file beside it.
    pub fn announce(&self, url: &str) -> std::io::Result<()> {
        self.file.announce(url)
    }
}

/// Opens the store in a state folder, or creates it.
pub fn open(state: &Path) -> Result<File, OpenError> {
    File::open(state)
}
