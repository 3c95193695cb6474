//! What happened, kept and told on.
//!
//! * [`feed`]: the live feed of events, in memory, for subscribers.
//! * [`Store`]: every event on the disk, in `STATE/events.redb`, with truths that come late and rows that are handed in.
//!
//! One task writes ([`Writer`]); everybody else asks it and is answered once the disk has it, or reads a snapshot.
//!
//! Architecture invariant: this room knows the schema, but no HTTP and no model.

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
pub use file::{Backend, File, NAME, replaceable};
pub use health::Health;
pub use layout::Key;
pub use read::{Snapshot, Stats};
pub use writer::Writer;

use crate::clock::Clock;
use crate::telemetry::metrics::Metrics;
use alerts::Change;
use ask::Ask;
use commit::Commit;
use event::{Event, Id};
use feed::{Feed, Prediction, Tap};
use kind::Kind;
use labels::{Done, Given, Status};
use maintenance::Retried;
use retention::{Dropped, Keep};
use rows::{Batch, Outcome, Taken};
use waiting::Bound;

/// Requests that may wait for the writer before the next ones do.
const MOST_WAITING: usize = 1024;

/// Keys of requests forgotten in one commit.
const FORGOTTEN: usize = 4096;

/// The store. Clones share it.
#[derive(Clone)]
pub struct Store {
    file: Arc<File>,
    asks: mpsc::Sender<Box<dyn Ask>>,
    waiting: Bound,
    metrics: Arc<Metrics>,
}

/// What a store works with.
pub struct Parts {
    /// The file.
    pub file: File,
    /// Where predictions come from.
    pub predictions: mpsc::Receiver<Arc<Prediction>>,
    /// Whom predictions are told.
    pub feed: Feed,
    /// Who scores them once more.
    pub tap: Tap,
    /// Time of events.
    pub clock: Arc<dyn Clock>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// How many labels may wait for their predictions.
    pub waiting: Bound,
}

impl Store {
    /// A store and its writer, which is to be run as a task.
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

    /// Whether it can write, and when that changes.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.file.health()
    }

    /// Predictions that were answered and could not be kept, since the start.
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

    /// Takes truths in; unless `partial`, one contradiction keeps all of them out.
    ///
    /// # Errors
    /// When nothing of it is stored.
    pub async fn label(&self, given: Vec<Given>, partial: bool) -> Result<Vec<Status>, StoreError> {
        let done = self.label_by(given, partial).await?;
        Ok(done.into_iter().map(|done| done.status).collect())
    }

    /// The same with the ids of the predictions, for labels that name them by their rows' own ids.
    ///
    /// # Errors
    /// As [`Store::label`].
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

    /// Takes rows in.
    ///
    /// # Errors
    /// When nothing of it is stored.
    pub async fn take(&self, batch: Batch) -> Result<Outcome, StoreError> {
        let outcome = self.ask(move |commit| rows::take(commit, &batch)).await?;
        outcome.count(&self.metrics);
        Ok(outcome)
    }

    /// As [`Store::take`], from a thread of its own; it may have a runtime of its own, which waits with it. Waiting there is
    /// not the runtime's business, nor is its rule that a task gives way now and then: nobody else is there.
    ///
    /// # Errors
    /// When nothing of it is stored.
    pub fn take_blocking(&self, batch: Batch) -> Result<Outcome, StoreError> {
        pollster::block_on(tokio::task::unconstrained(self.take(batch)))
    }

    /// Keeps an event whose body is a JSON object; gives its number.
    ///
    /// # Errors
    /// When it is not stored.
    pub async fn tell(&self, kind: Kind, id: String, body: String) -> Result<u64, StoreError> {
        self.ask(move |commit| {
            commit.append(commit.now, Id::of(&id), &Event::Document(kind, &body))
        })
        .await
    }

    /// Keeps what a task has to remember, in place of what it remembered before.
    ///
    /// # Errors
    /// When it is not stored.
    pub async fn remember(&self, name: String, json: String) -> Result<(), StoreError> {
        self.ask(move |commit| {
            commit.notes.insert(&*name, &*json)?;
            Ok(())
        })
        .await
    }

    /// Keeps events and what a task remembers after them, all or nothing: whoever reads on from there tells none of them twice.
    ///
    /// # Errors
    /// When nothing of it is stored.
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

    /// Keeps what has changed of alerts and their notifications, all of it or nothing.
    ///
    /// # Errors
    /// When nothing of it is stored.
    pub async fn keep_alerts(&self, change: Change) -> Result<(), StoreError> {
        self.ask(move |commit| alerts::keep(commit, &change)).await
    }

    /// Gives up truths that wait since before a time; gives how many.
    ///
    /// # Errors
    /// When nothing changed.
    pub async fn expire(&self, since: Timestamp) -> Result<usize, StoreError> {
        self.ask(move |commit| labels::expire(commit, since)).await
    }

    /// Drops the oldest events as far as there is too much, a piece at a time; gives what went.
    ///
    /// # Errors
    /// When it cannot go on; what went is gone.
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

    /// Forgets the keys of requests that were made before a time.
    ///
    /// # Errors
    /// When it cannot go on; some may be forgotten.
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

    /// Ends when everything that was handed in before is on the disk.
    ///
    /// # Errors
    /// When it is not.
    pub async fn flush(&self) -> Result<(), StoreError> {
        self.ask(|_| Ok(())).await
    }

    /// Closes the file for good, so that another can open it. Whatever is asked from then on is refused.
    pub fn close(&self) {
        self.file.shut();
    }

    /// Moves good rows out of quarantine into the rows, and keeps what is said of the others.
    ///
    /// # Errors
    /// When nothing changed.
    pub async fn retry_quarantined(&self, retried: Retried) -> Result<Taken, StoreError> {
        self.ask(move |commit| maintenance::retry(commit, &retried))
            .await
    }

    /// Forgets rows of the quarantine; gives how many were there.
    ///
    /// # Errors
    /// When nothing changed.
    pub async fn drop_quarantined(&self, ids: Vec<String>) -> Result<usize, StoreError> {
        self.ask(move |commit| maintenance::forget(commit, &ids))
            .await
    }

    /// Reads every event and holds every index against them, at one moment. Pages are not verified under it: that needs the
    /// file alone.
    ///
    /// # Errors
    /// When the file fails under the reading.
    pub fn check(&self, stopped: &dyn Fn() -> bool) -> Result<Option<check::Report>, StoreError> {
        check::check_until(&self.file, stopped)
    }

    /// Gives unused room back to the disk; gives the bytes before and after. Nothing is read or written meanwhile.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn compact(&self) -> Result<(u64, u64), StoreError> {
        let before = self.file.size();
        maintenance::compact(&self.file)?;
        Ok((before, self.file.size()))
    }

    /// Copies the store as it stands into a file; gives the bytes. Nothing is read or written while it is copied.
    ///
    /// # Errors
    /// When it cannot be read or the copy not be written.
    pub fn backup(&self, to: &Path) -> Result<u64, OpenError> {
        self.file.backup(to)
    }

    /// Writes beside the file where this process serves the store.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn announce(&self, url: &str) -> std::io::Result<()> {
        self.file.announce(url)
    }
}

/// Opens the file of a state.
///
/// # Errors
/// [`OpenError`].
pub fn open(state: &Path) -> Result<File, OpenError> {
    File::open(state)
}
