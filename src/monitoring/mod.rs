//! The monitor task: it follows predictions and labels into windows, and decides whether rows still look like the training
//! rows of the live model, and how well the model performs.
//!
//! It reads the store, off the serving path: no request waits for it. Its memory is written together with the verdicts made
//! from it, so that after a crash no window is judged twice and none is lost. A verdict is an event, which the retrain
//! controller reads, and a set of conditions for the alert manager.

mod carried;
mod conditions;
mod found;
mod memory;
mod reader;
mod reference;
mod tell;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::time::MissedTickBehavior;

pub use memory::{Memory, NAME as MEMORY};
pub use reference::learnt;

use crate::alert;
use crate::clock::Clock;
use crate::live::{Champion, LiveModel};
use crate::monitor::delay::Delay;
use crate::monitor::detectors;
use crate::monitor::options::Options;
use crate::monitor::performance::Performance;
use crate::monitor::stream::Stream;
use crate::registry::Registry;
use crate::store::Store;
use crate::store::feed::Feed;
use crate::store::remembered::{last, remembered};
use crate::telemetry::metrics::Metrics;
use reader::{Read, Reader};
use reference::Reference;

/// Interval between two reads of the store.
const LOOK: Duration = Duration::from_millis(250);

/// Interval at which the state is persisted if there is no verdict. After a crash, the events since then are read again.
const REMEMBER: jiff::SignedDuration = jiff::SignedDuration::from_secs(1);

pub struct MonitorTask {
    /// Store that is read, and in which the state is persisted.
    pub store: Store,
    /// Registry that holds the models' training tables.
    pub registry: Registry,
    pub live: LiveModel,
    /// Feed on which verdicts are published.
    pub feed: Feed,
    /// Receives the conditions of the monitor's alert rules.
    pub alerts: alert::Handle,
    /// Delay from which on a label counts as late.
    pub late: Duration,
    pub clock: Arc<dyn Clock>,
    /// Metrics that publish the verdicts.
    pub metrics: Arc<Metrics>,
    pub options: Options,
    /// Why no verdict may start a training; `None` if it may.
    pub retraining_off: Option<&'static str>,
    /// Published copy of the state, for readers outside the task.
    pub view: View,
    /// Number of the last event when the server started; a monitor without persisted state begins after it.
    pub begin: u64,
}

/// The published state of the monitor task. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct View(Arc<ArcSwap<Memory>>);

impl View {
    pub fn load(&self) -> Arc<Memory> {
        self.0.load_full()
    }
}

impl MonitorTask {
    /// Reads the store periodically until the task is cancelled.
    pub async fn run(self) {
        let mut memory: Memory = remembered(&self.store, memory::NAME).await;
        let mut reference: Option<Arc<Reference>> = None;
        let mut kept = self.clock.now();
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut waits = false;
        loop {
            tick.tick().await;
            let looked = self.look(&mut memory, &mut reference, &mut kept).await;
            if let Err(error) = &looked
                && !waits
            {
                tracing::warn!(%error, "monitor: failed; retrying");
            }
            waits = looked.is_err();
        }
    }

    /// Processes all new events.
    async fn look(
        &self,
        memory: &mut Memory,
        reference: &mut Option<Arc<Reference>>,
        kept: &mut Timestamp,
    ) -> Result<(), anyhow::Error> {
        // Must be read before the live model is loaded, so that predictions of a later champion are left for the next pass.
        let until = last(&self.store).await?;
        let Some(live) = self.live.snapshot() else {
            return Ok(()); // the first model is being trained
        };
        let champion = live.model.clone();
        let known = reference
            .clone()
            .filter(|r| r.champion.name == champion.name);
        let known = match known {
            Some(known) => known,
            None => {
                let fresh = self.refer(champion).await?;
                if self.welcome(memory, &fresh) {
                    self.conclude(memory, &[]).await?; // from here on it is known where it began
                }
                self.take_up(memory);
                *reference = Some(fresh.clone());
                fresh
            }
        };
        conditions::tell_delay(&self.alerts, memory, self.late, self.clock.now());
        loop {
            let reader = Reader {
                store: self.store.clone(),
                reference: known.clone(),
                memory: memory.clone(),
                until,
                window: self.options.window.get() as u64,
                retraining_off: self.retraining_off,
            };
            let read = tokio::task::spawn_blocking(move || reader.read()).await??;
            let Read {
                memory: seen,
                found,
                more,
            } = read;
            let is_new = seen.seen != memory.seen;
            let is_due = self.clock.now().duration_since(*kept) >= REMEMBER;
            if !found.is_empty() || (is_new && is_due) {
                self.conclude(&seen, &found).await?;
                *kept = self.clock.now();
            }
            *memory = seen;
            if is_new {
                self.show(memory, &found);
            }
            if !more {
                return Ok(());
            }
        }
    }

    async fn refer(&self, champion: Arc<Champion>) -> Result<Arc<Reference>, anyhow::Error> {
        let (registry, options) = (self.registry.clone(), self.options.clone());
        let make = move || Reference::of(&registry, champion, &options);
        Ok(Arc::new(tokio::task::spawn_blocking(make).await?))
    }

    /// Prepares the state for the champion: for the same champion and slices, open windows continue; otherwise they restart.
    /// Returns whether they restart.
    fn welcome(&self, memory: &mut Memory, reference: &Reference) -> bool {
        let champion = &reference.champion;
        let slices = reference.streams.iter().map(|(slice, _)| slice);
        let is_known =
            memory.model == *champion.name && memory.streams.iter().map(|s| &s.slice).eq(slices);
        memory.unwatched.clone_from(&reference.unwatched);
        let labels = self.options.labels;
        let is_sized = |p: &Performance| p.size() == labels.get();
        if !is_known {
            memory.carry_drift();
            memory.carry_decay();
        }
        if !memory.performance.as_ref().is_some_and(is_sized) {
            memory.carry_decay();
            memory.performance = Some(self.performance(reference));
            memory.delay = Some(Delay::new(labels));
            memory.last_unsound_label = None; // labels are counted anew
        }
        if is_known {
            return false;
        }
        let seen = if memory.model.is_empty() {
            self.begin
        } else {
            memory.seen
        };
        let schema = champion.model.schema();
        let streams = reference.streams.iter();
        *memory = Memory {
            seen,
            model: champion.name.to_string(),
            streams: streams
                .map(|(slice, _)| Stream::new(schema, slice.clone()))
                .collect(),
            unwatched: reference.unwatched.clone(),
            verdicts: vec![None; reference.streams.len()],
            history: std::mem::take(&mut memory.history),
            pace: memory.pace,
            skipped: memory.skipped,
            performance: Some(self.performance(reference)),
            delay: memory.delay.take(),
            carried: std::mem::take(&mut memory.carried),
            ..Memory::default()
        };
        true
    }

    /// A performance without labels for the champion.
    fn performance(&self, reference: &Reference) -> Performance {
        let threshold = reference.champion.model.spec().decision.threshold;
        Performance::new(threshold, self.options.labels, detectors::defaults())
    }
}
