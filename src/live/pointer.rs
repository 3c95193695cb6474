//! The task that follows the ledger: whoever wrote it, this process or another, a promotion becomes one swap of the live
//! model and one event.
//!
//! Events come after the swap they tell of: whoever hears of a promotion is answered by the new model. A model that fails
//! its check never becomes current; the old one goes on, and the log and a metric say so.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;

use crate::clock::Clock;
use crate::live::{Champion, LiveModel};
use crate::registry::ledger::{Action, Entry};
use crate::registry::{Registry, RegistryError, Version, follow};
use crate::store::feed::{Feed, Topic};
use crate::telemetry::metrics::Metrics;

/// Between two looks at the ledger; a look is one `stat`. A fifth of the second that another process is promised.
pub const INTERVAL: Duration = Duration::from_millis(200);

/// Before a champion that could not be served is tried again: the fault may have been of the moment.
const RETRY: Duration = Duration::from_secs(5);

/// What the task works with.
#[derive(Clone)]
pub struct Follower {
    /// The registry it follows.
    pub registry: Registry,
    /// The model it swaps.
    pub live: LiveModel,
    /// Where it tells of it.
    pub feed: Feed,
    /// Time of a swap.
    pub clock: Arc<dyn Clock>,
    /// Where swaps are counted.
    pub metrics: Arc<Metrics>,
}

/// Asks the task for a look at once.
#[derive(Clone, Debug)]
pub struct Poke(mpsc::Sender<oneshot::Sender<()>>);

/// The task's end of [`Poke`].
#[derive(Debug)]
pub struct Pokes(mpsc::Receiver<oneshot::Sender<()>>);

/// A poke and where it is felt.
pub fn poke() -> (Poke, Pokes) {
    let (sender, receiver) = mpsc::channel(64); // each is answered within milliseconds
    (Poke(sender), Pokes(receiver))
}

impl Poke {
    /// Returns once everything that stood in the ledger before is live and told.
    pub async fn sync(&self) {
        let (done, wait) = oneshot::channel();
        if self.0.send(done).await.is_ok() {
            let _ = wait.await; // the task is gone when the server stops: nobody asks any more
        }
    }

    /// The same from a thread of its own.
    pub fn sync_blocking(&self) {
        let (done, wait) = oneshot::channel();
        if self.0.blocking_send(done).is_ok() {
            let _ = wait.blocking_recv(); // as above
        }
    }
}

/// What subscribers hear of a version.
#[derive(Debug, Serialize)]
struct Told<'a> {
    action: Action,
    model: &'a Version,
    previous: Option<&'a Version>,
}

impl Follower {
    /// Follows the lines after `seq`, until nobody can poke any more.
    pub async fn run(self, seq: u64, mut pokes: Pokes) {
        let mut ledger = self.registry.follow(seq);
        let mut failed = None;
        let mut tick = tokio::time::interval(INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => self.look(&mut ledger, &mut failed).await,
                asked = pokes.0.recv() => match asked {
                    Some(done) => {
                        self.look(&mut ledger, &mut failed).await;
                        let _ = done.send(()); // whoever asked may be gone
                    }
                    None => return,
                }
            }
        }
    }

    /// `failed` is when the champion last could not be seated, if it is not seated yet.
    async fn look(&self, ledger: &mut follow::Follower, failed: &mut Option<Instant>) {
        let entries = match ledger.poll() {
            Ok(entries) => entries,
            Err(error) => return tracing::error!(%error, "the ledger cannot be followed"),
        };
        if entries.is_empty() && !failed.is_some_and(|at| at.elapsed() >= RETRY) {
            return;
        }
        let this = self.clone();
        let swap = tokio::task::spawn_blocking(move || this.load_champion());
        let fault = match swap.await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(panic) => Some(panic.to_string()),
        };
        *failed = fault.map(|fault| self.failed(&fault));
        entries.iter().for_each(|entry| self.tell(entry));
    }

    /// Swaps if the champion is not the live model.
    fn load_champion(&self) -> Result<(), RegistryError> {
        let Some(version) = self.registry.champion()? else {
            return Ok(());
        };
        if self.live.version().as_ref() == Some(&version) {
            return Ok(());
        }
        let champion = Champion::read(&self.registry, &version)?;
        self.put_live(version, champion);
        Ok(())
    }

    /// Puts a champion live, and logs it.
    pub fn put_live(&self, version: Version, champion: Champion) {
        let learner = champion.model.card().learner.clone();
        let name = champion.name.clone();
        let previous = self
            .live
            .swap(version, Arc::new(champion), self.clock.now());
        self.metrics.titanic_model_info.set(&name, &learner);
        if let Some(previous) = previous {
            let previous = &previous.model.name;
            self.metrics.titanic_model_swaps_total.increment(1);
            tracing::info!(model = %name, %previous, learner, "live model swapped");
        } else {
            tracing::info!(model = %name, learner, "live model loaded");
        }
    }

    fn failed(&self, error: &str) -> Instant {
        self.metrics.titanic_model_swap_failures_total.increment(1);
        let serving = self.live.version().map(|version| version.to_string());
        tracing::error!(
            error,
            serving,
            "the new champion cannot be loaded; the live model stays"
        );
        Instant::now()
    }

    fn tell(&self, entry: &Entry) {
        let Entry {
            action,
            model,
            previous,
            ..
        } = entry;
        self.feed.publish(
            Topic::Models,
            &Told {
                action: *action,
                model,
                previous: previous.as_ref(),
            },
        );
    }
}
