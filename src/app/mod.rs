//! Composition: a server from settings, a listener and a clock. `main` and the tests both start it here.
//!
//! Order of a start: handles, the HTTP server (alive, not ready), the model (loaded, or trained where there is none), the
//! tasks; then it is ready. Order of a stop: not ready, a while still answering, WebSockets closed, requests in flight finished,
//! what was answered stored, tasks ended.

mod first;
mod pulls;
mod tasks;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

pub use first::First;

use crate::alert::{self, desk};
use crate::clock::Clock;
use crate::config::Settings;
use crate::control::controller::{self, RetrainController};
use crate::control::jobs::{Asked, Jobs, Trainer};
use crate::control::scorer::ShadowScorer;
use crate::health::Gatherer;
use crate::ingest::source::{Unattended, World};
use crate::live::LiveModel;
use crate::live::model_events;
use crate::live::pointer::{self, Follower};
use crate::live::promoter::Promoter;
use crate::monitoring::{self, MonitorTask};
use crate::pulls::view::Sources;
use crate::registry::Registry;
use crate::serve;
use crate::serve::health::Lifecycle;
use crate::serve::jobs::Defaults;
use crate::serve::predictor::Predictor;
use crate::serve::routes;
use crate::serve::server::{self, Handles};
use crate::store::feed::{self, Feed, Recorder};
use crate::store::retention::{self, Keep};
use crate::store::{self, Store};
use crate::telemetry::metrics::Metrics;
use pulls::Pulls;
use tasks::Tasks;

/// Between two rounds of moving what histograms recorded into their buckets.
const UPKEEP: Duration = Duration::from_secs(5);

/// Of the time for a stop, what is kept back for storing: requests that never end must not cost others their events. A
/// quarter where the whole is short.
const STORING: Duration = Duration::from_secs(2);

/// A server that is ready.
pub struct App {
    address: SocketAddr,
    lifecycle: Lifecycle,
    server: ServerHandle,
    served: JoinHandle<std::io::Result<()>>,
    jobs: Jobs,
    trainer: Option<std::thread::JoinHandle<()>>,
    pulls: Pulls,
    tasks: Tasks,
    drain: Duration,
    shutdown: Duration,
    feed: Feed,
    store: Store,
    alerts: alert::Handle,
    recorder: Recorder,
}

impl App {
    /// Starts a server; returns once it is ready. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// What stands in the way: no intact model, no table to train a first one on, a secret that is not where it should be.
    pub async fn start(
        settings: Settings,
        first: First,
        listener: TcpListener,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<App> {
        let file = store::open(&settings.state)?;
        App::over(file, settings, first, listener, clock).await
    }

    /// The same over a store that is open already: it may stand on storage of another kind, such as a disk that stalls.
    pub async fn over(
        file: store::File,
        settings: Settings,
        first: First,
        listener: TcpListener,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<App> {
        let address = listener.local_addr()?;
        let metrics = Arc::new(Metrics::new(routes::labels()));
        let registry = Registry::open(&settings.state)?;
        let lifecycle = Lifecycle::default();
        let live = LiveModel::default();
        let options = feed::Options {
            keep: usize::try_from(settings.feed.keep.get()).unwrap_or(usize::MAX),
            queue: settings.server.limits.queue.get(),
        };
        let feed = Feed::new(options, clock.clone(), metrics.clone());
        let (recorder, predictions) = feed::recorder(metrics.clone());
        let (tap, tapped, valve) = feed::tap(settings.shadow.queue.get(), metrics.clone());
        let (store, writer) = Store::new(store::Parts {
            file,
            predictions,
            feed: feed.clone(),
            tap,
            clock: clock.clone(),
            metrics: metrics.clone(),
            waiting: store::waiting::Bound::of(settings.labels.waiting),
        });
        let (alerts, alert_desk) = desk::new(desk::Parts {
            store: store.clone(),
            kept: store.alerts()?,
            feed: feed.clone(),
            clock: clock.clone(),
            metrics: metrics.clone(),
            options: settings.alerts.options(),
            channels: settings.alerts.open()?,
            url: settings.alerts.url(address),
            random: || Unattended::default().random(),
        });
        let (poke, pokes) = pointer::poke();
        let jobs = Jobs::new(feed.clone(), clock.clone(), metrics.clone());
        let view = monitoring::View::default();
        let sources = Sources::default();
        let handles = Handles {
            predictor: Predictor {
                live: live.clone(),
                recorder: recorder.clone(),
                batch: settings.monitor.window.get().max(2) as u64, // one row is no batch
                clock: clock.clone(),
                metrics: metrics.clone(),
            },
            feed: feed.clone(),
            jobs: jobs.clone(),
            defaults: defaults(&settings),
            promoter: Promoter {
                registry: registry.clone(),
                clock: clock.clone(),
                poke: poke.clone(),
            },
            registry: registry.clone(),
            lifecycle: lifecycle.clone(),
            store: store.clone(),
            alerts: alerts.clone(),
            triggers: settings.retrain.triggers(),
            sources: sources.clone(),
            settings: settings.leaves().collect(),
            monitor: serve::monitor::Desk {
                view: view.clone(),
                options: settings.monitor.clone(),
            },
        };
        let begin = store.last()?;
        let served = server::start(listener, &settings.server, handles)?;
        let server = served.handle();
        let served = tokio::spawn(served);

        let follower = Follower {
            registry: registry.clone(),
            live: live.clone(),
            feed: feed.clone(),
            clock: clock.clone(),
            metrics: metrics.clone(),
        };
        let folder = first.folder.clone();
        // Lines written from here on are followed; what stands before them is what the model is loaded from.
        let seq = registry.last_seq()?;
        if let Err(error) = first.load(&follower, &settings).await {
            server.stop(false).await;
            return Err(error);
        }

        let mut tasks = Tasks::default();
        tasks.spawn("store", writer.run());
        tasks.spawn("alerts", alert_desk.run());
        let gatherer = Gatherer {
            store: store.clone(),
            jobs: jobs.clone(),
            metrics: metrics.clone(),
            clock: clock.clone(),
            alerts: alerts.clone(),
            thresholds: settings.alerts.thresholds(),
        };
        tasks.spawn("health", gatherer.run());
        tasks.spawn("follower", follower.run(seq, pokes));
        tasks.spawn(
            "model events",
            model_events::run(store.clone(), registry.clone()),
        );
        let scorer = ShadowScorer::new(valve, metrics.clone());
        tasks.spawn("shadow scorer", scorer.clone().run(tapped));
        tasks.spawn("upkeep", upkeep(metrics.clone()));
        let keep = Keep {
            age: settings.store.keep.age.map(|age| age.0),
            size: settings.store.keep.size.map(|size| size.0),
        };
        tasks.spawn(
            "retention",
            retention::run(store.clone(), keep, clock.clone()),
        );
        let (news, heard) = controller::news();
        let controller = RetrainController {
            store: store.clone(),
            registry: registry.clone(),
            live: live.clone(),
            jobs: jobs.clone(),
            feed: feed.clone(),
            clock: clock.clone(),
            poke: poke.clone(),
            scorer,
            options: loop_options(&settings),
        };
        tasks.spawn("retrain controller", controller.run(heard));
        let monitor = MonitorTask {
            store: store.clone(),
            registry: registry.clone(),
            live: live.clone(),
            feed: feed.clone(),
            alerts: alerts.clone(),
            late: settings.alerts.late(),
            clock: clock.clone(),
            metrics: metrics.clone(),
            options: settings.monitor.clone(),
            deaf: loop_options(&settings).triggers.deaf(),
            view,
            begin,
        };
        tasks.spawn("monitor", monitor.run());
        let threads = settings.threads.map_or_else(spare_cores, usize::from);
        let pulls = Pulls::start(&settings, &store, &live, &sources, &clock)?;
        let trainer = jobs.start(Trainer {
            registry,
            live,
            folder,
            threads,
            clock: clock.clone(),
            poke: poke.clone(),
            store: store.clone(),
            news,
            gate: settings.gate,
        })?;
        // Commands beside this server ask it from here on.
        if let Err(error) = store.announce(&format!("http://{}", reachable(address))) {
            tracing::warn!(%error, "store: the address cannot be written beside it; commands cannot ask this server");
        }
        Ok(App {
            address,
            lifecycle,
            server,
            served,
            jobs,
            trainer: Some(trainer),
            pulls,
            tasks,
            drain: settings.server.drain.0,
            shutdown: settings.server.shutdown.0,
            feed,
            store,
            alerts,
            recorder,
        })
    }

    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn alerts(&self) -> &alert::Handle {
        &self.alerts
    }

    /// Asks for a stop, from wherever it is held.
    pub fn lifecycle(&self) -> Lifecycle {
        self.lifecycle.clone()
    }

    /// Asks for a stop; [`App::wait`] carries it out.
    pub fn stop(&self) {
        self.lifecycle.stop();
    }

    /// Serves until a stop is requested, and carries it out: within `server.drain` and `server.shutdown`.
    ///
    /// # Errors
    /// When the server or a task ended on its own.
    pub async fn wait(mut self) -> anyhow::Result<()> {
        let failed = tokio::select! {
            () = self.lifecycle.stopped() => None,
            failure = failure(&mut self.served, &mut self.tasks) => Some(failure),
        };
        self.lifecycle.stop();
        self.jobs.close();
        self.pulls.stop();
        let failed = match failed {
            None => tokio::time::timeout(self.drain, failure(&mut self.served, &mut self.tasks))
                .await
                .ok(),
            failed => failed,
        };
        self.lifecycle.close();
        let shutdown = self.shutdown;
        if tokio::time::timeout(shutdown, self.end()).await.is_err() {
            tracing::error!(
                "server: the stop took longer than server.shutdown; the rest is left behind"
            );
        }
        failed.map_or(Ok(()), Err)
    }

    /// Finishes what is in flight, stores what was answered, ends the tasks.
    async fn end(mut self) {
        let open = self.shutdown - STORING.min(self.shutdown / 4);
        let end = Instant::now() + open;
        if timeout_at(end, self.server.stop(true)).await.is_err() {
            tracing::warn!(
                "server: open requests took longer than server.shutdown; they are broken off"
            );
            self.served.abort();
        }
        self.pulls
            .end(end.saturating_duration_since(Instant::now()))
            .await;
        if let Some(trainer) = self.trainer.take() {
            // It looks up after every fit; one that takes longer is left behind.
            let joined = tokio::task::spawn_blocking(move || trainer.join());
            let _ = timeout_at(end, joined).await;
        }
        // What was answered is kept, before the writer ends.
        if let Err(error) = self.store.flush().await {
            tracing::error!(%error, "the last events are not stored");
        }
        drop(self.recorder); // the writer ends when nobody records any more: not before
        self.tasks.end().await;
        let store = self.store;
        // A disk that stalls holds it up.
        let _ = tokio::task::spawn_blocking(move || store.close()).await;
    }
}

/// What ended on its own, once something does.
async fn failure(served: &mut JoinHandle<std::io::Result<()>>, tasks: &mut Tasks) -> anyhow::Error {
    tokio::select! {
        served = served => match served {
            Ok(Ok(())) => anyhow::anyhow!("the server ended on its own"),
            Ok(Err(error)) => error.into(),
            Err(panic) => panic.into(),
        },
        task = tasks.ended() => anyhow::anyhow!("the task {task} ended on its own"),
    }
}

async fn upkeep(metrics: Arc<Metrics>) {
    let mut tick = tokio::time::interval(UPKEEP);
    loop {
        tick.tick().await;
        metrics.upkeep();
    }
}

fn defaults(settings: &Settings) -> Defaults {
    Defaults {
        folds: settings.retrain.folds as usize,
        repeats: settings.retrain.repeats.get() as usize,
        seed: settings.train.seed,
        promote: settings.train.promote,
    }
}

fn loop_options(settings: &Settings) -> controller::Options {
    let Defaults {
        folds,
        repeats,
        seed,
        promote,
    } = defaults(settings);
    let asked = Asked {
        learner: None,
        folds,
        repeats,
        seed,
        promote,
        max_bad: crate::ingest::MAX_BAD,
        by: "rule".into(),
    };
    controller::Options {
        triggers: settings.retrain.triggers(),
        asked,
        shadow: settings.shadow,
        watch: settings.watch,
        wait: settings.labels.wait.0,
    }
}

/// An address under which this machine reaches a listener.
pub fn reachable(address: SocketAddr) -> SocketAddr {
    let local = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(local, address.port())
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A training leaves one core to those who are answered meanwhile.
fn spare_cores() -> usize {
    (cores() - 1).max(1)
}
