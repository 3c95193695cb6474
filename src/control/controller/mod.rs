//! The retrain controller: the task that closes the loop. It reads new events from the store, counts labels, compares a
//! shadow candidate with the champion and a new champion with its expected performance. It starts trainings, promotes
//! versions and rolls them back.
//!
//! It follows the store rather than the responses: it uses only facts on disk, and after a restart it continues where it
//! stopped. Its state is written in one piece, after the events that it was made from, so no pair of predictions is counted
//! twice or without being stored.

mod decide;
mod memory;
mod reader;
mod verdicts;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

pub use decide::{Facts, Triggers, retrain};
pub use memory::{Memory, NAME as MEMORY, OnProbation, Shadowed};

use crate::clock::Clock;
use crate::control::jobs::{Asked, Jobs};
use crate::control::scorer::ShadowScorer;
use crate::live::pointer::Wake;
use crate::live::{Champion, LiveModel};
use crate::promotion::chain::Chain;
use crate::promotion::gate;
use crate::promotion::policy::Promote;
use crate::promotion::probation::{self, Expected, Probation};
use crate::promotion::shadow;
use crate::registry::evidence::Training;
use crate::registry::{Registry, Version};
use crate::store::event::VerdictEvent;
use crate::store::feed::{Feed, Topic};
use crate::store::kind::Kind;
use crate::store::remembered::{last, remembered};
use crate::store::{Store, StoreError};
use crate::trainset::labelled::through;
use reader::Reader;

/// Interval between two reads of the store.
const LOOK: Duration = Duration::from_millis(250);

/// Interval between two expiries of labels whose prediction never arrived.
const EXPIRY: Duration = Duration::from_secs(60);

/// Options of the retrain controller.
#[derive(Clone, Debug)]
pub struct Options {
    pub triggers: Triggers,
    /// Parameters of automatic trainings.
    pub asked: Asked,
    /// Options of the shadow comparison.
    pub shadow: shadow::Options,
    /// Options of the probation after a promotion.
    pub probation: probation::Options,
    /// Maximum time that a label waits for its prediction.
    pub wait: Duration,
}

/// A finished training, as reported by the trainer.
#[derive(Debug)]
pub struct Trained {
    pub version: Version,
    /// Whether the version is champion now.
    pub promoted: bool,
    /// Promotion mode that the training was requested with.
    pub promote: Promote,
    /// What the version was trained on and, if there were rows to compare, the result of the gate.
    pub evidence: Training,
}

pub struct RetrainController {
    /// Store that is read, and in which the state is persisted.
    pub store: Store,
    pub registry: Registry,
    pub live: LiveModel,
    /// Queue to which trainings are submitted.
    pub jobs: Jobs,
    /// Feed on which decisions are published.
    pub feed: Feed,
    pub clock: Arc<dyn Clock>,
    /// Wakes the follower, which swaps the live model.
    pub wake: Wake,
    /// Task that has the shadow candidate score live traffic.
    pub scorer: ShadowScorer,
    pub options: Options,
}

/// The channel on which the trainer reports finished trainings to the controller.
pub fn news() -> (
    mpsc::UnboundedSender<Trained>,
    mpsc::UnboundedReceiver<Trained>,
) {
    mpsc::unbounded_channel() // one a training
}

impl RetrainController {
    /// Runs the loop until the task is cancelled.
    pub async fn run(self, mut news: mpsc::UnboundedReceiver<Trained>) {
        let begun = self.clock.now();
        let mut memory: Memory = remembered(&self.store, memory::NAME).await;
        self.resume_shadow(&mut memory).await;
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut expiry = tokio::time::interval(EXPIRY);
        loop {
            let done = tokio::select! {
                _ = tick.tick() => self.look(&mut memory, begun).await,
                _ = expiry.tick() => self.expire().await,
                Some(trained) = news.recv() => self.take(&mut memory, &trained).await,
            };
            if let Err(error) = done {
                tracing::warn!(%error, "retraining: the controller failed; retrying");
            }
        }
    }

    async fn expire(&self) -> Result<(), anyhow::Error> {
        let wait = jiff::SignedDuration::try_from(self.options.wait)?;
        let since = self.clock.now().checked_sub(wait)?;
        let gone = self.store.expire(since).await?;
        if gone > 0 {
            tracing::info!(
                labels = gone,
                "labels: expired, since their predictions never came"
            );
        }
        Ok(())
    }

    /// Processes new events and acts on them.
    async fn look(&self, memory: &mut Memory, begun: Timestamp) -> Result<(), anyhow::Error> {
        // Must be read before the live model is loaded, so that verdicts on a later champion are left for the next pass.
        let until = last(&self.store).await?;
        let Some(live) = self.live.snapshot() else {
            return Ok(()); // the first model is being trained
        };
        let champion = live.model.clone();
        let before = memory.clone();
        if memory.champion != *champion.name {
            self.welcome(memory, &champion).await?;
        }
        self.cast(memory).await;
        let reader = Reader::new(
            self.store.clone(),
            self.scorer.clone(),
            memory.clone(),
            champion.clone(),
            until,
        );
        *memory = tokio::task::spawn_blocking(move || reader.read()).await??;
        if let (Some(shadowed), Some(live)) = (memory.shadow.as_mut(), self.scorer.live()) {
            shadowed.live = live;
        }
        self.end_shadow(memory).await?;
        self.end_probation(memory).await?;
        self.begin_training(memory, begun);
        if *memory != before {
            self.remember(memory).await?;
        }
        Ok(())
    }

    /// Resets the state for a new champion: counts and comparisons for the previous one end.
    async fn welcome(
        &self,
        memory: &mut Memory,
        champion: &Arc<Champion>,
    ) -> Result<(), anyhow::Error> {
        let is_first = memory.champion.is_empty();
        let (store, registry) = (self.store.clone(), self.registry.clone());
        let (known, version) = (memory.seen, champion.name.parse::<Version>()?);
        let count = move || -> Result<(u64, u64), StoreError> {
            let seen = if is_first { store.last()? } else { known };
            let fresh = match through(&registry, &version) {
                Ok(since) => reader::fresh(&store, since, seen)?,
                Err(error) => {
                    // Trainings fail with the same error; probation and rollback must continue nevertheless.
                    tracing::error!(%error, "retraining: stored labels cannot be counted; only labels from now on count");
                    0
                }
            };
            Ok((seen, fresh))
        };
        let (seen, fresh) = tokio::task::spawn_blocking(count).await??;
        memory.seen = seen;
        let previous = std::mem::replace(&mut memory.champion, champion.name.to_string());
        memory.fresh = fresh;
        memory.asks.clear(); // it was found of the one before
        if memory
            .shadow
            .as_ref()
            .is_some_and(|s| s.champion != *champion.name)
        {
            let why = format!("{} became champion", champion.name);
            self.leave_shadow(memory, why).await;
        }
        let watched = memory.probation.take();
        let is_back = watched.is_some_and(|watched| watched.previous == *champion.name);
        if previous.is_empty() || is_back {
            return Ok(()); // the first one, or one that was rolled back to: nothing to hold it against
        }
        let expected = Expected::cross_validated(&champion.model.card().cv);
        let threshold = champion.model.spec().decision.threshold;
        memory.probation = expected.map(|expected| OnProbation {
            model: champion.name.to_string(),
            previous,
            state: Probation::new(threshold, expected, self.options.probation),
            rows: Chain::default(),
        });
        Ok(())
    }

    /// Handles a finished training: its candidate may go into the shadow.
    async fn take(&self, memory: &mut Memory, trained: &Trained) -> Result<(), anyhow::Error> {
        let Some(gate) = &trained.evidence.gate else {
            return Ok(());
        };
        let name = trained.version.to_string();
        let is_open = gate.verdict == gate::Verdict::Insufficient && !trained.promoted;
        if is_open && trained.promote == Promote::Auto {
            self.begin_shadow(memory, trained, gate).await?;
        }
        self.tell(&name, VerdictEvent::Gate { gate }).await
    }

    fn begin_training(&self, memory: &mut Memory, begun: Timestamp) {
        let now = self.clock.now();
        let facts = Facts {
            fresh: memory.fresh,
            training: self.jobs.is_busy() || memory.shadow.is_some(),
            last: memory
                .last
                .and_then(|last| Timestamp::from_second(last).ok()),
            begun,
            verdict: memory.verdict(),
        };
        let Some(why) = retrain(&self.options.triggers, &facts, now) else {
            return;
        };
        tracing::info!(why, "retraining: requested");
        let asked = Asked {
            by: format!("rule: {why}"),
            promote: Promote::Auto,
            ..self.options.asked.clone()
        };
        match self.jobs.submit(asked) {
            Ok(_) => {
                memory.last = Some(now.as_second());
                // The next training requires as many new labels again: comparing the same rows repeatedly
                // would promote by chance.
                memory.fresh = 0;
                memory.asks.clear();
            }
            Err(full) => tracing::warn!(why = %full, "retraining: postponed"),
        }
    }

    async fn remember(&self, memory: &Memory) -> Result<(), StoreError> {
        let text = serde_json::to_string(memory).expect("its keys are text");
        self.store.remember(memory::NAME.into(), text).await
    }

    async fn tell(
        &self,
        model: &str,
        verdict: VerdictEvent<impl Serialize>,
    ) -> Result<(), anyhow::Error> {
        let body = verdict.to_json();
        self.feed.publish(Topic::Monitor, &body);
        let (id, body) = (model.to_owned(), body.get().to_owned());
        self.store.tell(Kind::Verdict, id, body).await?;
        Ok(())
    }
}
