//! Context that the subsystems of a server share: the settings, and a handle for each lower-level part.

use std::sync::Arc;

use crate::alert::{self, manager};
use crate::backup::{self, Backups};
use crate::clock::Clock;
use crate::config::Settings;
use crate::control::jobs::Jobs;
use crate::follow;
use crate::ingest::source::{Unattended, World};
use crate::live::LiveModel;
use crate::live::pointer::{self, Wake};
use crate::monitoring;
use crate::publish::Progress;
use crate::pulls::view::Sources;
use crate::registry::Registry;
use crate::serve::address::ServerUrl;
use crate::serve::listener::Bound;
use crate::serve::routes;
use crate::store::feed::{self, Feed, Recorder};
use crate::store::{self, Store};
use crate::telemetry::metrics::Metrics;
use crate::timeline::Timeline;

/// Settings and handles. Every handle is cheap to clone.
pub(super) struct Context {
    pub settings: Settings,
    /// Where the server listens.
    pub bound: Bound,
    /// The URL at which this machine reaches the server.
    pub url: ServerUrl,
    pub clock: Arc<dyn Clock>,
    pub metrics: Arc<Metrics>,
    pub registry: Registry,
    pub live: LiveModel,
    pub feed: Feed,
    pub recorder: Recorder,
    pub store: Store,
    pub alerts: alert::Handle,
    pub jobs: Jobs,
    pub backups: Backups,
    /// How far the place for champions is behind.
    pub published: Progress,
    /// Wakes the task that follows the ledger.
    pub wake: Wake,
    pub view: monitoring::View,
    pub sources: Sources,
    pub timeline: Timeline,
    /// How far this server is behind the one it follows; `None` if it follows none.
    pub follow: Option<follow::View>,
}

/// Receiving ends of some of the handles; each belongs to one task.
pub(super) struct Ends {
    pub writer: store::Writer,
    pub alerts: manager::Manager,
    pub woken: pointer::Wakes,
    pub valve: feed::Valve,
    pub tapped: feed::Tapped,
}

impl Context {
    /// Opens every part without starting a task.
    ///
    /// # Errors
    /// The stored alerts or a channel cannot be opened.
    pub fn new(
        file: store::File,
        registry: Registry,
        settings: Settings,
        bound: Bound,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<(Context, Ends)> {
        let url = bound.listen().url(&settings.server.base_path);
        let objective = settings.alerts.rules.latency.p99.0;
        let metrics = Metrics::new(routes::labels()).with_objective(objective);
        let metrics = Arc::new(metrics);
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
        let (alerts, manager) = manager::new(manager::Parts {
            store: store.clone(),
            kept: store.alerts()?,
            feed: feed.clone(),
            clock: clock.clone(),
            metrics: metrics.clone(),
            options: settings.alerts.options(),
            channels: settings.alerts.open()?,
            url: settings.alerts.url(&url),
            random: || Unattended::default().random(),
        });
        let (wake, woken) = pointer::wake();
        let jobs = Jobs::new(feed.clone(), clock.clone(), metrics.clone());
        let backups = Backups::new(backup::Parts {
            state: settings.state.clone(),
            store: store.clone(),
            registry: registry.clone(),
            settings: settings.document(),
            clock: clock.clone(),
            metrics: metrics.clone(),
        })?;
        let context = Context {
            settings,
            bound,
            url,
            clock,
            metrics,
            registry,
            live: LiveModel::default(),
            feed,
            recorder,
            store,
            alerts,
            jobs,
            backups,
            published: Progress::default(),
            wake,
            view: monitoring::View::default(),
            sources: Sources::default(),
            timeline: Timeline::default(),
            follow: None,
        };
        let ends = Ends {
            writer,
            alerts: manager,
            woken,
            valve,
            tapped,
        };
        Ok((context, ends))
    }
}
