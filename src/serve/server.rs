//! Assembles the HTTP server from the handles of the other modules.

use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::web;

use super::admission::Admission;
use super::backups;
use super::body::Intake;
use super::budget::Budget;
use super::cards::Cards;
use super::cloud;
use super::cycle;
use super::expect::Expect;
use super::guard::Guard;
use super::health::Lifecycle;
use super::http;
use super::inflight::Inflight;
use super::jobs::Defaults;
use super::listener::Listener;
use super::mode::Mode;
use super::monitor;
use super::predict::PredictService;
use super::predictor::Predictor;
use super::route::Route;
use super::router::Router;
use super::routes::ROUTES;
use super::store;
use super::views;
use super::ws;
use crate::alert::Handle;
use crate::control::controller::Triggers;
use crate::control::jobs::Jobs;
use crate::follow::View;
use crate::live::promoter::Promoter;
use crate::pulls::view::Sources;
use crate::registry::Registry;
use crate::serve::options::{Options, Platform, SecretError};
use crate::store::Store;
use crate::store::feed::Feed;
use crate::timeline::Timeline;

/// The handles of other modules that the request handlers use.
#[derive(Clone)]
pub struct Handles {
    pub mode: Mode,
    pub predictor: Predictor,
    pub feed: Feed,
    pub jobs: Jobs,
    /// Training parameters for requests that omit them.
    pub defaults: Defaults,
    /// Promotes versions and rolls back.
    pub promoter: Promoter,
    pub registry: Registry,
    /// Reports whether the server is stopping.
    pub lifecycle: Lifecycle,
    pub store: Store,
    /// Handle of the alert manager.
    pub alerts: Handle,
    /// Conditions that start a training automatically.
    pub triggers: Triggers,
    /// Sources that are pulled on a schedule.
    pub sources: Sources,
    /// Effective settings, with secrets masked.
    pub settings: Vec<views::Setting>,
    pub monitor: monitor::MonitorReader,
    /// Makes backups on request.
    pub backups: backups::State,
    /// What happened, for the pages.
    pub timeline: Timeline,
    /// How far this server is behind the one it follows; `None` if it follows none.
    pub follow: Option<View>,
}

/// Why the server cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error("the server cannot be started: {0}")]
    Io(#[from] std::io::Error),
}

/// The routes that a hosting platform calls by a path of its own.
fn aliases(platform: &Platform) -> Vec<(String, &'static Route)> {
    let routes = [
        (&platform.health_route, cloud::HEALTH),
        (&platform.predict_route, cloud::PREDICT),
    ];
    let named = routes.into_iter();
    named
        .filter_map(|(path, route)| Some((path.clone()?, route)))
        .collect()
}

/// Starts a server on `listener`, which runs until its handle is stopped. The file of a Unix socket stays for as long as the
/// caller keeps [`Listener::bound`]. Must be called within a tokio runtime; the workers
/// have runtimes of their own.
pub fn start(
    listener: Listener,
    options: &Options,
    handles: Handles,
) -> Result<Server, StartError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = options.workers.map_or(cores, usize::from);
    let limits = &options.limits;
    let inflight = Inflight::new(limits.inflight.get());
    let budget = Budget::new(limits.memory.bytes());
    let router = Router {
        guard: Arc::new(Guard::new(listener.bound.listen(), options)?),
        mode: handles.mode,
        aliases: aliases(&options.platform),
        metrics: handles.predictor.metrics.clone(),
        inflight: inflight.clone(),
        budget: budget.clone(),
        lifecycle: handles.lifecycle.clone(),
    };
    let intake = Intake::new(limits.body.bytes(), budget.clone(), inflight.clone());
    let admission = Admission::new(workers, limits.wait.0)?;
    let service = PredictService::new(
        handles.predictor.clone(),
        intake.clone(),
        admission.clone(),
        limits.rows.get(),
    );
    let sockets = ws::Options {
        mode: handles.mode,
        message: options.limits.message.0,
        heartbeat: options.heartbeat.0,
        admission: admission.clone(),
        budget,
        base: options.base_path.clone(),
    };
    let Handles {
        mode,
        predictor,
        feed,
        jobs,
        defaults,
        promoter,
        registry,
        lifecycle,
        store,
        alerts,
        triggers,
        sources,
        settings,
        monitor,
        backups,
        timeline,
        follow,
    } = handles;
    let state = (
        web::Data::new(sources),
        web::Data::new(views::Settings { settings }),
        web::Data::new(store::Exports::default()),
        web::Data::new(ROUTES),
        web::Data::new(mode),
        web::Data::new(options.platform.clone()),
        web::Data::new(follow),
        web::Data::new(backups),
    );
    let monitor = web::Data::new(monitor);
    let timeline = web::Data::new(timeline);
    let loop_reader = web::Data::new(cycle::LoopReader {
        jobs: jobs.clone(),
        registry: registry.clone(),
        store: store.clone(),
        triggers,
    });
    let metrics = predictor.metrics.clone();
    let store = web::Data::new(store);
    let guard = web::Data::from(router.guard.clone());
    let cards = Cards::default();
    let apart = (web::Data::new(admission), web::Data::new(sockets));
    let expect = Expect::new(router.clone(), intake.clone());
    // All workers share these values.
    let shared = (
        web::Data::new(service),
        web::Data::new(predictor),
        web::Data::new(feed),
        web::Data::new(lifecycle),
    );
    let rare = (
        web::Data::new(jobs),
        web::Data::new(promoter),
        web::Data::new(registry),
        web::Data::new(cards),
    );
    let alerts = web::Data::new(alerts);
    let data = move |app: &mut web::ServiceConfig| {
        app.app_data(shared.0.clone())
            .app_data(shared.1.clone())
            .app_data(shared.2.clone())
            .app_data(shared.3.clone());
        app.app_data(rare.0.clone())
            .app_data(rare.1.clone())
            .app_data(rare.2.clone())
            .app_data(rare.3.clone());
        app.app_data(web::Data::new(intake.clone()))
            .app_data(web::Data::new(defaults));
        app.app_data(guard.clone());
        app.app_data(apart.0.clone()).app_data(apart.1.clone());
        app.app_data(web::Data::new(metrics.clone()))
            .app_data(web::Data::new(inflight.clone()));
        app.app_data(store.clone())
            .app_data(alerts.clone())
            .app_data(loop_reader.clone())
            .app_data(monitor.clone())
            .app_data(timeline.clone());
        app.app_data(state.0.clone())
            .app_data(state.1.clone())
            .app_data(state.2.clone())
            .app_data(state.3.clone())
            .app_data(state.4.clone())
            .app_data(state.5.clone())
            .app_data(state.6.clone())
            .app_data(state.7.clone());
        router.mount(app);
    };
    let options = http::Options {
        workers,
        keep_alive: options.keep_alive.0,
        shutdown: options.shutdown.0,
    };
    Ok(http::serve(listener.socket, options, expect, data)?)
}
