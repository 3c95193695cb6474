//! The subsystems of a server, one function each: builds the subsystem and starts its task.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;

use super::context::Context;
use super::pulls::Pulls;
use super::tasks::Tasks;
use crate::backup::Schedule;
use crate::clock::Clock;
use crate::config::{Leaf, Settings};
use crate::control::controller::{self, RetrainController};
use crate::control::jobs::{Asked, Trainer};
use crate::control::scorer::ShadowScorer;
use crate::follow::spool::Spool;
use crate::follow::{self, Source, View};
use crate::health::HealthTask;
use crate::ingest::source::{Unattended, World};
use crate::live::pointer::{Follower, Wakes};
use crate::live::{model_events, promoter::Promoter};
use crate::monitoring::MonitorTask;
use crate::publish::{Place, Publisher};
use crate::serve;
use crate::serve::health::Lifecycle;
use crate::serve::jobs::Defaults;
use crate::serve::listener::Listener;
use crate::serve::mode::Mode;
use crate::serve::predictor::Predictor;
use crate::serve::server::{self, Handles};
use crate::serve::views::Setting;
use crate::store::feed::{Tapped, Valve};
use crate::store::retention::Keep;
use crate::store::upkeep::retain;
use crate::telemetry::metrics::Metrics;
use crate::train::work::Limits;

/// Interval at which recorded histogram values are moved into their buckets, and minutes of the service level are closed.
const UPKEEP: Duration = Duration::from_secs(5);

/// Starts the HTTP server, which is alive from now on.
pub(super) fn serve(
    context: &Context,
    mode: Mode,
    listener: Listener,
    lifecycle: &Lifecycle,
) -> anyhow::Result<Server> {
    let Context {
        settings,
        clock,
        metrics,
        registry,
        live,
        feed,
        recorder,
        store,
        alerts,
        jobs,
        wake,
        view,
        sources,
        timeline,
        follow,
        backups,
        ..
    } = context;
    let handles = Handles {
        mode,
        predictor: Predictor {
            live: live.clone(),
            recorder: recorder.clone(),
            store: store.clone(),
            named: Default::default(),
            batch: settings.monitor.window.get().max(2) as u64, // one row is no batch
            clock: clock.clone(),
            metrics: metrics.clone(),
        },
        feed: feed.clone(),
        jobs: jobs.clone(),
        defaults: defaults(settings),
        promoter: Promoter {
            registry: registry.clone(),
            clock: clock.clone(),
            wake: wake.clone(),
        },
        registry: registry.clone(),
        lifecycle: lifecycle.clone(),
        store: store.clone(),
        alerts: alerts.clone(),
        triggers: settings.retrain.triggers(),
        sources: sources.clone(),
        settings: settings.leaves().map(setting).collect(),
        monitor: serve::monitor::MonitorReader {
            view: view.clone(),
            options: settings.monitor.clone(),
        },
        backups: serve::backups::State {
            backups: backups.clone(),
            options: settings.backup.clone(),
        },
        timeline: timeline.clone(),
        follow: follow.clone(),
    };
    Ok(server::start(listener, &settings.server, handles)?)
}

/// The follower of the ledger; it also makes the first model live.
pub(super) fn follower(context: &Context) -> Follower {
    Follower {
        registry: context.registry.clone(),
        live: context.live.clone(),
        feed: context.feed.clone(),
        clock: context.clock.clone(),
        metrics: context.metrics.clone(),
    }
}

/// Starts the task that follows the ledger from line `seq` on and records its lines as events.
pub(super) fn live(
    context: &Context,
    tasks: &mut Tasks,
    follower: Follower,
    seq: u64,
    woken: Wakes,
) {
    tasks.spawn("follower", follower.run(seq, woken));
    let events = model_events::run(context.store.clone(), context.registry.clone());
    tasks.spawn("model events", events);
}

/// Starts the task that reads what happened, for the pages.
pub(super) fn timeline(context: &Context, tasks: &mut Tasks) {
    let run = context.timeline.clone().run(context.store.clone());
    tasks.spawn("timeline", run);
}

/// Starts the task that checks the health of the server itself.
pub(super) fn health(context: &Context, tasks: &mut Tasks) {
    let gatherer = HealthTask {
        store: context.store.clone(),
        jobs: context.jobs.clone(),
        backups: context.backups.clone(),
        published: context.published.clone(),
        metrics: context.metrics.clone(),
        clock: context.clock.clone(),
        alerts: context.alerts.clone(),
        rules: context.settings.alerts.rules.clone(),
    };
    tasks.spawn("health", gatherer.run());
}

/// Builds the follower of a source; it also makes the first model live.
pub(super) fn source_follower(context: &Context, source: Source, view: &View) -> follow::Follower {
    follow::Follower {
        source,
        registry: context.registry.clone(),
        pointer: follower(context),
        view: view.clone(),
    }
}

/// Builds the spool that publishes predictions and sends them to the source.
pub(super) fn spool(context: &Context, source: Option<&Source>, view: &View) -> Spool {
    let server = match source {
        Some(Source::Server(server)) => Some(server.clone()),
        _ => None,
    };
    Spool {
        server,
        options: context.settings.follow.spool.clone(),
        feed: context.feed.clone(),
        view: view.clone(),
        metrics: context.metrics.clone(),
        random: || Unattended::default().random(),
    }
}

/// Starts the tasks that keep the store within its limits and that move histogram values into buckets.
pub(super) fn retention(context: &Context, tasks: &mut Tasks) {
    let keep = &context.settings.store.keep;
    let keep = Keep {
        age: keep.age.map(|age| age.0),
        size: keep.size.map(|size| size.0),
    };
    let run = retain(context.store.clone(), keep, context.clock.clone());
    tasks.spawn("retention", run);
    upkeep(context, tasks);
}

/// Starts the task that publishes the champion, if there is a place for it.
pub(super) fn publish(context: &Context, tasks: &mut Tasks) -> anyhow::Result<()> {
    if let Some(to) = &context.settings.publish.to {
        let publisher = Publisher {
            registry: context.registry.clone(),
            place: Place::open(to)?,
            progress: context.published.clone(),
            clock: context.clock.clone(),
            metrics: context.metrics.clone(),
            random: || Unattended::default().random(),
        };
        tasks.spawn("publisher", publisher.run());
    }
    Ok(())
}

/// Starts the task that makes scheduled backups, if there are any.
pub(super) fn backups(context: &Context, tasks: &mut Tasks) {
    let options = &context.settings.backup;
    if let (Some(every), Some(order)) = (options.every, options.scheduled()) {
        let schedule = Schedule {
            backups: context.backups.clone(),
            every: every.0,
            order,
            clock: context.clock.clone(),
        };
        tasks.spawn("backups", schedule.run());
    }
}

/// Starts the task that moves histogram values into buckets and closes the minutes of the service level.
pub(super) fn upkeep(context: &Context, tasks: &mut Tasks) {
    tasks.spawn(
        "upkeep",
        move_values(context.metrics.clone(), context.clock.clone()),
    );
}

async fn move_values(metrics: Arc<Metrics>, clock: Arc<dyn Clock>) {
    let mut tick = tokio::time::interval(UPKEEP);
    loop {
        tick.tick().await;
        metrics.upkeep();
        metrics.answers.turn(clock.now());
    }
}

/// Starts the monitor task, which follows predictions and labels from event `begin` on.
pub(super) fn monitoring(context: &Context, tasks: &mut Tasks, begin: u64) {
    let monitor = MonitorTask {
        store: context.store.clone(),
        registry: context.registry.clone(),
        live: context.live.clone(),
        feed: context.feed.clone(),
        alerts: context.alerts.clone(),
        late: context.settings.alerts.late(),
        clock: context.clock.clone(),
        metrics: context.metrics.clone(),
        options: context.settings.monitor.clone(),
        retraining_off: context.settings.retrain.triggers().retraining_off(),
        view: context.view.clone(),
        begin,
    };
    tasks.spawn("monitor", monitor.run());
}

/// Starts the shadow scorer, the retrain controller and the training thread. Paths to training tables are relative to `folder`.
pub(super) fn control(
    context: &Context,
    tasks: &mut Tasks,
    folder: PathBuf,
    (valve, tapped): (Valve, Tapped),
) -> std::io::Result<std::thread::JoinHandle<()>> {
    let scorer = ShadowScorer::new(valve, context.metrics.clone());
    tasks.spawn("shadow scorer", scorer.clone().run(tapped));
    let (news, heard) = controller::news();
    let controller = RetrainController {
        store: context.store.clone(),
        registry: context.registry.clone(),
        live: context.live.clone(),
        jobs: context.jobs.clone(),
        feed: context.feed.clone(),
        clock: context.clock.clone(),
        wake: context.wake.clone(),
        scorer,
        options: loop_options(&context.settings),
    };
    tasks.spawn("retrain controller", controller.run(heard));
    context.jobs.start(Trainer {
        registry: context.registry.clone(),
        live: context.live.clone(),
        folder,
        threads: context
            .settings
            .threads
            .map_or_else(spare_cores, usize::from),
        clock: context.clock.clone(),
        wake: context.wake.clone(),
        store: context.store.clone(),
        news,
        gate: context.settings.gate,
    })
}

/// Starts the threads that read the scheduled sources.
pub(super) fn pulls(context: &Context) -> anyhow::Result<Pulls> {
    Pulls::start(
        &context.settings,
        &context.store,
        &context.live,
        &context.sources,
        &context.clock,
    )
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
        limits: Limits::default(),
        promote,
        max_bad: crate::ingest::MAX_BAD,
        by: "rule".into(),
    };
    controller::Options {
        triggers: settings.retrain.triggers(),
        asked,
        shadow: settings.shadow,
        probation: settings.probation,
        wait: settings.labels.wait.0,
    }
}

fn setting(leaf: Leaf) -> Setting {
    Setting {
        key: leaf.key,
        value: leaf.value,
        origin: leaf.origin.to_string(),
    }
}

pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Number of cores for a training: one core is left for clients.
fn spare_cores() -> usize {
    (cores() - 1).max(1)
}
