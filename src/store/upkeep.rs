//! Maintenance of the store of a running server: retention, and check and compaction, which return the same documents
//! as the CLI prints.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Report;
use super::retention::{Dropped, Keep};
use super::{Store, StoreError};
use crate::clock::Clock;

/// Interval between two runs of retention.
const EVERY: Duration = Duration::from_secs(60);

/// Old idempotency keys are removed in every so many runs of retention, because that reads all of them.
const REQUESTS_EVERY: u32 = 60;

/// How long an idempotency key is stored, and a request may be repeated under it.
const REQUESTS_KEPT: SignedDuration = SignedDuration::from_hours(24);

/// The result of a check, as the API returns it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Checked {
    /// Whether the check found nothing wrong.
    pub intact: bool,
    /// The number of events read, and the findings.
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

/// The result of a compaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Compacted {
    /// Size of the file before, in bytes.
    pub before: u64,
    /// Size of the file after, in bytes.
    pub after: u64,
}

/// Checks the store; returns none where `stopped` ended the check early.
pub fn check(store: &Store, stopped: &dyn Fn() -> bool) -> Result<Option<Checked>, StoreError> {
    Ok(store.check(stopped)?.map(Checked::from))
}

pub fn compact(store: &Store) -> Result<Compacted, StoreError> {
    let (before, after) = store.compact()?;
    Ok(Compacted { before, after })
}

/// Runs retention and removes old idempotency keys periodically; never returns.
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
