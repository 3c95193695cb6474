//! Failures of the server itself, as conditions for the alert manager: one file and one line in the table per condition.
//!
//! A task gathers facts once a second; pure functions of the facts decide which conditions hold.

mod backup;
mod dropped_predictions;
mod facts;
mod latency;
mod publish;
mod quarantine;
mod rate;
mod rejected;
mod store;
#[cfg(test)]
mod tests;
mod training;
mod window;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::alert::Handle;
use crate::alert::settings::Rules;
use crate::backup::Backups;
use crate::clock::Clock;
use crate::control::jobs::{Jobs, State};
use crate::publish::Progress;
use crate::store::Store;
use crate::telemetry::metrics::{Metrics, RowStatus};
use facts::{Ended, Facts, Watcher};

const LOOK: Duration = Duration::from_secs(1);

/// The table of conditions, each with the settings of its rule.
fn all(rules: &Rules) -> [Box<dyn Watcher>; 8] {
    [
        Box::new(store::Trouble),
        Box::new(dropped_predictions::DroppedPredictions::default()),
        Box::new(quarantine::Quarantine::new(&rules.quarantine)),
        Box::new(rejected::Rejected::new(&rules.rejected)),
        Box::new(training::Failure),
        Box::new(backup::Failure),
        Box::new(publish::Lag),
        Box::new(latency::Slowness::new(&rules.latency)),
    ]
}

pub struct HealthTask {
    /// Source of the write health and of the number of lost predictions.
    pub store: Store,
    pub jobs: Jobs,
    pub backups: Backups,
    pub published: Progress,
    pub metrics: Arc<Metrics>,
    pub clock: Arc<dyn Clock>,
    pub alerts: Handle,
    pub rules: Rules,
}

impl HealthTask {
    /// Checks the conditions until the task is cancelled.
    pub async fn run(self) {
        let mut watchers = all(&self.rules);
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut health = self.store.health();
        loop {
            // A change of the store's health is checked at once.
            tokio::select! {
                _ = tick.tick() => {}
                Ok(()) = health.changed() => {}
            }
            let facts = self.facts();
            let told: Vec<_> = watchers.iter_mut().filter_map(|w| w.look(&facts)).collect();
            self.alerts.conditions(told);
        }
    }

    fn facts(&self) -> Facts {
        let rows = |status| self.metrics.titanic_rows_total.of(status).count();
        let aside = rows(RowStatus::Quarantined);
        let metrics = &self.metrics;
        let jobs = self.jobs.list().into_iter();
        let mut over = jobs.filter(|job| matches!(job.state, State::Done | State::Failed));
        Facts {
            now: self.clock.now(),
            health: self.store.health().borrow().clone(),
            lost: self.store.lost(),
            rows: aside + rows(RowStatus::Stored) + rows(RowStatus::Repeated),
            aside,
            answered: metrics.titanic_predictions_rows_total.count(),
            rejected: metrics.titanic_rejected_rows_total.count(),
            failed: metrics.titanic_failed_rows_total.count(),
            rejected_for: metrics.titanic_rejected_values_total.counts(),
            training: over.next().map(|job| Ended {
                job: job.id,
                error: job.error,
            }),
            backup: self.backups.record().error,
            unpublished: self.published.behind(),
            answers: metrics.latency.counts(),
        }
    }
}
