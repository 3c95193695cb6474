//! The backups of a running server: one at a time, counted, and remembered over restarts.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use super::error::BackupError;
use super::make::{Made, Order, Source, make};
use super::record::{self, Record};
use super::watch::Watch;
use crate::clock::Clock;
use crate::registry::Registry;
use crate::store::{Store, StoreError};
use crate::telemetry::metrics::{BackupResult, Metrics};

/// Makes backups of a running server; clones share one.
#[derive(Clone)]
pub struct Backups(Arc<Shared>);

/// What backups of a server need.
pub struct Parts {
    pub state: PathBuf,
    pub store: Store,
    pub registry: Registry,
    /// The effective settings without secrets, as JSON.
    pub settings: String,
    pub clock: Arc<dyn Clock>,
    pub metrics: Arc<Metrics>,
}

struct Shared {
    parts: Parts,
    making: Mutex<()>,
    record: Mutex<Record>,
    stopping: AtomicBool,
}

impl Backups {
    /// # Errors
    /// The record of earlier backups cannot be read.
    pub fn new(parts: Parts) -> Result<Backups, StoreError> {
        let text = parts.store.remembered(record::NAME)?;
        let record: Record = text
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        show(&parts.metrics, &record);
        Ok(Backups(Arc::new(Shared {
            parts,
            making: Mutex::default(),
            record: Mutex::new(record),
            stopping: AtomicBool::new(false),
        })))
    }

    /// Makes a backup on the calling thread, whose priority may be lowered for good.
    ///
    /// # Errors
    /// It failed; that is counted and remembered unless it was cancelled or another one runs.
    pub fn make(&self, order: &Order, watch: Watch<'_>) -> Result<Made, BackupError> {
        let Shared {
            parts,
            making,
            stopping,
            ..
        } = &*self.0;
        let _making = match making.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(BackupError::Running),
            // A backup that panicked left nothing that the next one relies on.
            Err(TryLockError::Poisoned(guard)) => guard.into_inner(),
            Ok(guard) => guard,
        };
        let begun = parts.clock.now();
        let source = Source {
            state: &parts.state,
            file: parts.store.file(),
            registry: &parts.registry,
            settings: &parts.settings,
        };
        let stopped = || stopping.load(Ordering::Relaxed) || (watch.stopped)();
        let watch = Watch {
            report: watch.report,
            stopped: &stopped,
        };
        let done = make(source, order, &*parts.clock, watch);
        let error = match &done {
            Err(BackupError::Stopped) => return done,
            Err(error) => Some(error.to_string()),
            Ok(_) => None,
        };
        let record = {
            let mut record = self.lock();
            record.note(begun, error, order.keep.is_some());
            record.clone()
        };
        let result = match &done {
            Ok(made) => {
                tracing::info!(file = made.file, bytes = made.bytes, "backup: done");
                BackupResult::Done
            }
            Err(_) => BackupResult::Failed, // the caller logs it
        };
        parts.metrics.titanic_backups_total.of(result).increment(1);
        show(&parts.metrics, &record);
        self.remember(&record);
        done
    }

    /// What is known of the backups so far.
    pub fn record(&self) -> Record {
        self.lock().clone()
    }

    /// Ends a running backup at its next step.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::Relaxed);
    }

    fn remember(&self, record: &Record) {
        let text = serde_json::to_string(record).expect("a record is text and times");
        let store = &self.0.parts.store;
        let stored = pollster::block_on(store.remember(record::NAME.into(), text));
        if let Err(error) = stored {
            tracing::warn!(%error, "backup: cannot store when the last backup was; a restart will not know");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Record> {
        // No code that holds the lock can panic halfway through a change.
        self.0.record.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn show(metrics: &Metrics, record: &Record) {
    let seconds = record.success.map_or(0.0, |time| time.as_second() as f64);
    metrics
        .titanic_backup_last_success_timestamp_seconds
        .set(seconds);
}
