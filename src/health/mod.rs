//! Failures of the server itself, as conditions for the alert manager: one file and one line in the table per condition.
//!
//! A task gathers facts once a second; pure functions of the facts decide which conditions hold.

mod dropped_predictions;
mod latency;
mod quarantine;
mod rate;
mod rejected;
mod store;
#[cfg(test)]
mod tests;
mod training;
mod window;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::MissedTickBehavior;

use crate::alert::settings::Rules;
use crate::alert::{Condition, Handle};
use crate::clock::Clock;
use crate::control::jobs::{Jobs, State};
use crate::store::{Health, Store};
use crate::telemetry::latency::Counts;
use crate::telemetry::metrics::{Metrics, RowStatus};

const LOOK: Duration = Duration::from_secs(1);

/// State of the server at one moment. Counters are totals since the start.
#[derive(Clone, Debug)]
pub struct Facts {
    pub now: Timestamp,
    /// Whether the store can write.
    pub health: Health,
    /// Predictions that were returned but not stored.
    pub lost: u64,
    /// Rows submitted for storage.
    pub rows: u64,
    /// Rows among them that were quarantined.
    pub aside: u64,
    /// Rows that got a prediction.
    pub answered: u64,
    /// Rows that were rejected instead.
    pub rejected: u64,
    /// Valid rows that got no prediction because a row of the same request was rejected.
    pub failed: u64,
    /// Rejected values by column, as the counter has them.
    pub rejected_for: BTreeMap<String, u64>,
    /// Outcome of the last training that was not cancelled; `None` before the first.
    pub training: Option<Ended>,
    /// Histogram of response times.
    pub answers: Counts,
}

/// The outcome of a training.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub job: String,
    /// The error of a failed training.
    pub error: Option<String>,
}

/// Derives one condition from the facts.
trait Watcher: Send {
    /// The condition, active or ended; `None` if the facts do not decide it.
    fn look(&mut self, facts: &Facts) -> Option<Condition>;
}

/// The table of conditions, each with the settings of its rule.
fn all(rules: &Rules) -> [Box<dyn Watcher>; 6] {
    [
        Box::new(store::Trouble),
        Box::new(dropped_predictions::DroppedPredictions::default()),
        Box::new(quarantine::Quarantine::new(&rules.quarantine)),
        Box::new(rejected::Rejected::new(&rules.rejected)),
        Box::new(training::Failure),
        Box::new(latency::Slowness::new(&rules.latency)),
    ]
}

pub struct HealthTask {
    /// Source of the write health and of the number of lost predictions.
    pub store: Store,
    pub jobs: Jobs,
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
            answers: metrics.latency.counts(),
        }
    }
}
