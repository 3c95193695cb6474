//! What can go wrong in the server itself, as conditions for the alert manager: a new one is one file, and one line in the
//! table.
//!
//! Facts are gathered once a second by a thin task; what follows from them is decided by plain functions of facts.

mod latency;
mod loss;
mod quarantine;
mod rate;
mod refused;
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

/// What is known at one moment.
#[derive(Clone, Debug)]
pub struct Facts {
    pub now: Timestamp,
    /// Whether the store can write.
    pub health: Health,
    /// Predictions lost, since the start.
    pub lost: u64,
    /// Rows handed in, since the start.
    pub rows: u64,
    /// Those of them that were put aside.
    pub aside: u64,
    /// Rows that were answered, since the start.
    pub answered: u64,
    /// Rows that were refused instead, since the start.
    pub refused: u64,
    /// Good rows that got no answer because they were sent with such, since the start.
    pub unanswered: u64,
    /// The columns they were refused for, as the counter has them.
    pub refused_for: BTreeMap<String, u64>,
    /// How the last training that came to an end of its own ended; none where there was none.
    pub training: Option<Ended>,
    /// How long answers took, since the start.
    pub answers: Counts,
}

/// How a training ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub job: String,
    /// Why it failed; none where it did not.
    pub error: Option<String>,
}

/// Looks at facts, and says what holds.
trait Watcher: Send {
    /// What holds, or holds no more; none where the facts say nothing.
    fn look(&mut self, facts: &Facts) -> Option<Condition>;
}

/// The table of conditions, each with what its rule's settings say of it.
fn all(rules: &Rules) -> [Box<dyn Watcher>; 6] {
    [
        Box::new(store::Trouble),
        Box::new(loss::Loss::default()),
        Box::new(quarantine::Quarantine::new(&rules.quarantine)),
        Box::new(refused::Refused::new(&rules.refused)),
        Box::new(training::Failure),
        Box::new(latency::Slowness::new(&rules.latency)),
    ]
}

pub struct Gatherer {
    /// Whether it can write, and what it lost.
    pub store: Store,
    pub jobs: Jobs,
    pub metrics: Arc<Metrics>,
    pub clock: Arc<dyn Clock>,
    pub alerts: Handle,
    pub rules: Rules,
}

impl Gatherer {
    /// Looks until it is ended.
    pub async fn run(self) {
        let mut watchers = all(&self.rules);
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut health = self.store.health();
        loop {
            // Trouble of the store is told at once.
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
            refused: metrics.titanic_refused_rows_total.count(),
            unanswered: metrics.titanic_unanswered_rows_total.count(),
            refused_for: metrics.titanic_refused_values_total.counts(),
            training: over.next().map(|job| Ended {
                job: job.id,
                error: job.error,
            }),
            answers: metrics.latency.counts(),
        }
    }
}
