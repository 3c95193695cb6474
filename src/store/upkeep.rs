//! Work on the store of a running server: retention, and check, compaction and backup, each of which gives the document
//! that the command prints.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Report;
use super::retention::{Dropped, Keep};
use super::{OpenError, Store, StoreError};
use crate::clock::Clock;

/// Between two looks.
const EVERY: Duration = Duration::from_secs(60);

/// Looks between two at the keys of requests, which are all read.
const REQUESTS_EVERY: u32 = 60;

/// How long a request may be repeated under its key.
const REQUESTS_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// What a check came to, as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Checked {
    /// Whether nothing is wrong.
    pub intact: bool,
    /// What was read and found.
    #[serde(flatten)]
    pub report: Report,
}

impl From<Report> for Checked {
    fn from(report: Report) -> Checked {
        Checked {
            intact: report.findings.is_empty(),
            report,
        }
    }
}

/// What a compaction came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Compacted {
    /// Bytes before.
    pub before: u64,
    /// Bytes after.
    pub after: u64,
}

/// What a backup came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "BackedUp")]
pub struct Backup {
    /// Path of the copy.
    pub file: PathBuf,
    /// Bytes of the copy.
    pub bytes: u64,
}

/// Checks the store; gives nothing where it was stopped before the end.
///
/// # Errors
/// When it cannot be read.
pub fn check(store: &Store, stopped: &dyn Fn() -> bool) -> Result<Option<Checked>, StoreError> {
    Ok(store.check(stopped)?.map(Checked::from))
}

/// Compacts the store.
///
/// # Errors
/// When it cannot be written.
pub fn compact(store: &Store) -> Result<Compacted, StoreError> {
    let (before, after) = store.compact()?;
    Ok(Compacted { before, after })
}

/// Copies the store into a file.
///
/// # Errors
/// When it cannot be read or the copy not be written; nothing has changed then.
pub fn backup(store: &Store, to: &Path) -> Result<Backup, OpenError> {
    let bytes = store.backup(to)?;
    Ok(Backup {
        file: to.into(),
        bytes,
    })
}

/// Keeps a store within bounds, for ever.
pub async fn retain(store: Store, keep: Keep, clock: Arc<dyn Clock>) {
    let mut tick = tokio::time::interval(EVERY);
    for round in 0.. {
        tick.tick().await;
        match store.retain(keep).await {
            Ok(Dropped { events: 0, .. }) => {}
            Ok(Dropped { events, bytes }) => {
                tracing::info!(events, bytes, "store: oldest events dropped");
            }
            Err(error) => {
                tracing::warn!(%error, "store: cannot drop the oldest events; retrying later")
            }
        }
        if round % REQUESTS_EVERY == 0
            && let Err(error) = store.forget_requests(clock.now() - REQUESTS_KEPT).await
        {
            tracing::warn!(%error, "store: cannot drop old idempotency keys; retrying later");
        }
    }
}
