//! The steward: the task that closes the loop. It reads the store's events after those it has seen, counts truths, holds a
//! shadow against the champion and a new champion against its promise, and has trainings begun, versions promoted and rolled
//! back.
//!
//! It follows the store, not the answers: what it knows is what is on the disk, and after a restart it goes on where it was.
//! Its memory is written after the events it was made from, in one piece: no pair of answers is counted twice or made up.

mod decide;
mod memory;
mod reader;
mod verdicts;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

pub use decide::{Facts, Triggers, retrain};
pub use memory::{Memory, NAME as MEMORY, Shadowed, Watched};

use crate::clock::Clock;
use crate::control::jobs::{Asked, Jobs};
use crate::control::scorer::ShadowScorer;
use crate::live::pointer::Poke;
use crate::live::{Champion, LiveModel};
use crate::promotion::chain::Chain;
use crate::promotion::gate::{self, Gate};
use crate::promotion::policy::Promote;
use crate::promotion::probation::{self, Expected, Probation};
use crate::promotion::shadow;
use crate::registry::{Registry, Version};
use crate::store::feed::{Feed, Topic};
use crate::store::kind::Kind;
use crate::store::remembered::{last, remembered};
use crate::store::{Store, StoreError};
use crate::trainset::labelled::through;
use reader::Reader;

/// Between two looks at the store.
const LOOK: Duration = Duration::from_millis(250);

/// Between two rounds of giving up truths that wait in vain.
const EXPIRY: Duration = Duration::from_secs(60);

/// How the steward acts.
#[derive(Clone, Debug)]
pub struct Options {
    pub triggers: Triggers,
    /// How a training is done where nobody asks for it by hand.
    pub asked: Asked,
    /// How a shadow is compared.
    pub shadow: shadow::Options,
    /// How a new champion is watched.
    pub watch: probation::Options,
    /// How long a truth waits for its prediction.
    pub wait: Duration,
}

/// A training that is over, as the trainer tells of it.
#[derive(Debug)]
pub struct Trained {
    pub version: Version,
    /// Whether it is champion now.
    pub promoted: bool,
    /// What was asked to become of it.
    pub promote: Promote,
    /// What the gate said, where there was something to say.
    pub gate: Option<Gate>,
    /// The rows it said it of, as they stand in the ledger.
    pub rows: Value,
}

pub struct RetrainController {
    /// What it reads and keeps its memory in.
    pub store: Store,
    pub registry: Registry,
    /// The model that answers.
    pub live: LiveModel,
    /// Where trainings are asked for.
    pub jobs: Jobs,
    /// Where it tells of it.
    pub feed: Feed,
    pub clock: Arc<dyn Clock>,
    /// The follower, who swaps.
    pub poke: Poke,
    /// Who scores live traffic beside the champion.
    pub scorer: ShadowScorer,
    pub options: Options,
}

/// Where trainings are told, and where the steward hears of them.
pub fn news() -> (
    mpsc::UnboundedSender<Trained>,
    mpsc::UnboundedReceiver<Trained>,
) {
    mpsc::unbounded_channel() // one a training
}

impl RetrainController {
    /// Looks after the loop until it is ended.
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
                tracing::warn!(%error, "the loop waits: it tries again");
            }
        }
    }

    async fn expire(&self) -> Result<(), anyhow::Error> {
        let wait = jiff::SignedDuration::try_from(self.options.wait)?;
        let since = self.clock.now().checked_sub(wait)?;
        let gone = self.store.expire(since).await?;
        if gone > 0 {
            tracing::info!(gone, "labels whose prediction never came were given up");
        }
        Ok(())
    }

    /// One look: what is new, what follows from it.
    async fn look(&self, memory: &mut Memory, begun: Timestamp) -> Result<(), anyhow::Error> {
        // Before the champion: what is said of a later one is left for the next look, which knows it.
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
        self.end_watch(memory).await?;
        self.begin_training(memory, begun);
        if *memory != before {
            self.remember(memory).await?;
        }
        Ok(())
    }

    /// Another champion answers: what was counted and compared for the one before is over.
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
                    // Trainings fail with the same words; probation and rollback must not stand still for it.
                    tracing::error!(%error, "labels are counted from now on alone");
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
        let watched = memory.watch.take();
        let is_back = watched.is_some_and(|watched| watched.previous == *champion.name);
        if previous.is_empty() || is_back {
            return Ok(()); // the first one, or one that was rolled back to: nothing to hold it against
        }
        let expected = Expected::cross_validated(&champion.model.card().cv);
        let threshold = champion.model.spec().decision.threshold;
        memory.watch = expected.map(|expected| Watched {
            model: champion.name.to_string(),
            previous,
            state: Probation::new(threshold, expected, self.options.watch),
            rows: Chain::default(),
        });
        Ok(())
    }

    /// A training is over: its candidate may go into the shadow.
    async fn take(&self, memory: &mut Memory, trained: &Trained) -> Result<(), anyhow::Error> {
        let Some(gate) = &trained.gate else {
            return Ok(());
        };
        let name = trained.version.to_string();
        let is_open = gate.verdict == gate::Verdict::Insufficient && !trained.promoted;
        if is_open && trained.promote == Promote::Auto {
            self.begin_shadow(memory, trained, gate).await?;
        }
        self.tell(&name, json!({"about": "gate", "gate": gate}))
            .await
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
            verdict: memory.verdict().cloned(),
        };
        let Some(why) = retrain(&self.options.triggers, &facts, now) else {
            return;
        };
        tracing::info!(why, "a training begins on its own");
        let asked = Asked {
            by: format!("rule: {why}"),
            promote: Promote::Auto,
            ..self.options.asked.clone()
        };
        match self.jobs.submit(asked) {
            Ok(_) => {
                memory.last = Some(now.as_second());
                // The next one wants as many again: the same rows are not weighed hour after hour until they please.
                memory.fresh = 0;
                memory.asks.clear();
            }
            Err(full) => tracing::warn!(%full, "the training has to wait"),
        }
    }

    async fn remember(&self, memory: &Memory) -> Result<(), StoreError> {
        let text = serde_json::to_string(memory).expect("its keys are text");
        self.store.remember(memory::NAME.into(), text).await
    }

    async fn tell(&self, model: &str, body: Value) -> Result<(), anyhow::Error> {
        self.feed.publish(Topic::Monitor, &body);
        let (id, body) = (model.to_owned(), body.to_string());
        self.store.tell(Kind::Verdict, id, body).await?;
        Ok(())
    }
}
