//! The task that makes scheduled backups.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::MissedTickBehavior;

use super::error::BackupError;
use super::handle::Backups;
use super::make::Order;
use super::watch::Watch;
use crate::clock::Clock;

/// Interval between two looks at the clock.
const LOOK: Duration = Duration::from_secs(1);

pub struct Schedule {
    pub backups: Backups,
    pub every: Duration,
    pub order: Order,
    pub clock: Arc<dyn Clock>,
}

impl Schedule {
    /// Makes a backup whenever one is due; never returns.
    pub async fn run(self) {
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            if self.backups.record().is_due(self.clock.now(), self.every) {
                self.make().await;
            }
        }
    }

    /// Makes one in a thread of its own, whose priority is lowered.
    async fn make(&self) {
        let (done, ended) = oneshot::channel();
        let (backups, order) = (self.backups.clone(), self.order.clone());
        let work = move || {
            match backups.make(&order, Watch::nobody()) {
                // One on request runs, or the server stops: the next look decides again.
                Ok(_) | Err(BackupError::Running | BackupError::Stopped) => {}
                Err(error) => tracing::error!(%error, "backup: the scheduled backup failed"),
            }
            let _ = done.send(());
        };
        match std::thread::Builder::new()
            .name("backup".into())
            .spawn(work)
        {
            // An error is a panic of the thread, which is logged by its hook.
            Ok(_) => drop(ended.await),
            Err(error) => {
                tracing::warn!(%error, "backup: the system has no thread left; trying again");
            }
        }
    }
}
