//! The task that publishes promotions and rollbacks.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use super::error::PublishError;
use super::place::{Found, Place};
use super::progress::Progress;
use super::published::{Published, Version};
use crate::backoff::Backoff;
use crate::clock::Clock;
use crate::registry::{Registry, digest, follow};
use crate::telemetry::metrics::Metrics;

/// Interval between two looks at the ledger, each of which is one `stat`.
const INTERVAL: Duration = Duration::from_millis(200);

/// Interval at which the lag is shown.
const MEASURE: Duration = Duration::from_secs(1);

const RETRY: Backoff = Backoff {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(60),
    least: 0.5,
};

pub struct Publisher {
    pub registry: Registry,
    pub place: Place,
    pub progress: Progress,
    pub clock: Arc<dyn Clock>,
    pub metrics: Arc<Metrics>,
    /// Makes random numbers from 0 to 1.
    pub random: fn() -> f64,
}

impl Publisher {
    /// Publishes the champion now and after each change; never ends. What fails is tried again after growing waits, or at
    /// once after the next change.
    pub async fn run(self) {
        let this = Arc::new(self);
        // Apart, so that the lag grows also while the place hangs.
        tokio::join!(this.clone().follow(), this.measure());
    }

    async fn follow(self: Arc<Self>) {
        let this = self;
        this.progress.changed(this.clock.now());
        let mut ledger = this.registry.follow(0);
        let mut tick = tokio::time::interval(INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut due, mut failures) = (Some(Instant::now()), 0);
        loop {
            tick.tick().await;
            let now = Instant::now();
            if has_changed(&mut ledger) {
                this.progress.changed(this.clock.now());
                due = Some(now);
            }
            if due.is_none_or(|due| now < due) {
                continue;
            }
            match this.clone().publish().await {
                Ok(()) => {
                    if failures > 0 {
                        tracing::info!(place = ?this.place, "publish: the place is up to date again");
                    }
                    this.progress.ended(None);
                    (due, failures) = (None, 0);
                }
                Err(error) => {
                    failures += 1;
                    this.metrics.titanic_publish_failures_total.increment(1);
                    this.progress.ended(Some(error.to_string()));
                    if failures == 1 {
                        tracing::error!(%error, "publish: the champion cannot be published; followers of the place keep the one before");
                    }
                    due = Some(Instant::now() + RETRY.wait(failures, (this.random)()));
                }
            }
        }
    }

    /// Shows for how long the place lacks the champion.
    async fn measure(&self) {
        let mut tick = tokio::time::interval(MEASURE);
        loop {
            tick.tick().await;
            let behind = self.progress.behind();
            let lag = behind.map_or(0.0, |behind| {
                let lag = self.clock.now().duration_since(behind.since);
                lag.as_secs_f64().max(0.0)
            });
            self.metrics.titanic_publish_lag_seconds.set(lag);
        }
    }

    async fn publish(self: Arc<Self>) -> Result<(), PublishError> {
        let published = tokio::task::spawn_blocking(move || self.publish_blocking());
        published
            .await
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
    }

    fn publish_blocking(&self) -> Result<(), PublishError> {
        // Before the champion: one that is newer than `seq` is published again, with a later `seq`.
        let standing = self.registry.standing()?;
        let Some(model) = self.registry.champion()? else {
            return Ok(());
        };
        let before = match self.place.champion(None) {
            Ok(Found::Champion { published, .. }) => Some(published),
            Ok(_) => None,
            Err(PublishError::Io { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound =>
            {
                None // the folder is created
            }
            Err(error @ PublishError::Unreadable { .. }) => {
                tracing::warn!(%error, "publish: the document is damaged and replaced");
                None
            }
            Err(error) => return Err(error),
        };
        let bytes = self.registry.read(&model.clone().into())?;
        let champion = Version {
            model,
            sha256: digest(&bytes),
            bytes: bytes.len() as u64,
        };
        let published = Published::after(before.clone(), champion, standing);
        if before.as_ref() == Some(&published) && self.place.has(&published.champion)? {
            return Ok(());
        }
        self.place.publish(&published, &bytes)?;
        let champion = &published.champion.model;
        tracing::info!(%champion, place = ?self.place, "publish: the champion is published");
        Ok(())
    }
}

/// Whether the ledger has new lines. One that cannot be read is an error that the follower of the live model logs.
fn has_changed(ledger: &mut follow::Follower) -> bool {
    ledger.poll().is_ok_and(|entries| !entries.is_empty())
}
