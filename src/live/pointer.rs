//! The task that follows the ledger: a promotion, written by this or another process, becomes one swap of the live model and
//! one message to subscribers.
//!
//! The message follows the swap: a subscriber that has received a promotion gets predictions of the new model. A model that
//! fails its check never becomes live; the old one stays, with an error in the log and in a metric.

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

/// Interval between two checks of the ledger, each of which is one `stat`. It is a fifth of the one second within which
/// promotions of another process are guaranteed to take effect.
pub const INTERVAL: Duration = Duration::from_millis(200);

/// Delay before a champion that could not be loaded is retried, since the error may be temporary.
const RETRY: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct Follower {
    /// The registry whose ledger is followed.
    pub registry: Registry,
    /// The live model to swap.
    pub live: LiveModel,
    /// Feed on which ledger lines are published.
    pub feed: Feed,
    /// Provides the time of a swap.
    pub clock: Arc<dyn Clock>,
    /// Metrics that count swaps and failures.
    pub metrics: Arc<Metrics>,
}

/// A handle that wakes the follower at once.
#[derive(Clone, Debug)]
pub struct Wake(mpsc::Sender<oneshot::Sender<()>>);

/// The receiving end of [`Wake`].
#[derive(Debug)]
pub struct Wakes(mpsc::Receiver<oneshot::Sender<()>>);

/// Creates a wake handle with its receiving end.
pub fn wake() -> (Wake, Wakes) {
    let (sender, receiver) = mpsc::channel(64); // each is answered within milliseconds
    (Wake(sender), Wakes(receiver))
}

impl Wake {
    /// Wakes the follower and returns once all lines that were in the ledger before the call are live and published.
    pub async fn sync(&self) {
        let (done, wait) = oneshot::channel();
        if self.0.send(done).await.is_ok() {
            let _ = wait.await; // the task is gone when the server stops: nobody asks any more
        }
    }

    /// [`sync`](Self::sync) for a thread outside the runtime.
    pub fn sync_blocking(&self) {
        let (done, wait) = oneshot::channel();
        if self.0.blocking_send(done).is_ok() {
            let _ = wait.blocking_recv(); // as above
        }
    }
}

/// The message to subscribers about a version.
#[derive(Debug, Serialize)]
struct Told<'a> {
    action: Action,
    model: &'a Version,
    previous: Option<&'a Version>,
}

impl Follower {
    /// Follows the ledger lines after `seq`, until all [`Wake`] handles are dropped.
    pub async fn run(self, seq: u64, mut wakes: Wakes) {
        let mut ledger = self.registry.follow(seq);
        let mut failed = None;
        let mut tick = tokio::time::interval(INTERVAL);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = tick.tick() => self.look(&mut ledger, &mut failed).await,
                asked = wakes.0.recv() => match asked {
                    Some(done) => {
                        self.look(&mut ledger, &mut failed).await;
                        let _ = done.send(()); // whoever asked may be gone
                    }
                    None => return,
                }
            }
        }
    }

    /// Processes new ledger lines. `failed` is the time of the last failed load, if the champion is not live yet.
    async fn look(&self, ledger: &mut follow::Follower, failed: &mut Option<Instant>) {
        let entries = match ledger.poll() {
            Ok(entries) => entries,
            Err(error) => {
                return tracing::error!(%error, "live model: the ledger cannot be read; new champions are not noticed until it can");
            }
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

    /// Swaps in the champion if it is not the live model.
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

    /// Makes a champion the live model and logs the swap.
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

    /// Makes the champion of another registry the live model and tells subscribers of its promotion.
    pub fn take_over(&self, version: Version, champion: Champion) {
        let previous = self.live.version();
        self.put_live(version.clone(), champion);
        let told = Told {
            action: Action::Promoted,
            model: &version,
            previous: previous.as_ref(),
        };
        self.feed.publish(Topic::Models, &told);
    }

    fn failed(&self, error: &str) -> Instant {
        self.metrics.titanic_model_swap_failures_total.increment(1);
        let serving = self.live.version().map(|version| version.to_string());
        tracing::error!(
            error,
            serving,
            "live model: the new champion cannot be loaded; the previous model stays live"
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
