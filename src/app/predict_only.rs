//! Servers without a store: with a fixed model, or with that of a source that they follow.

use std::sync::Arc;
use std::time::Duration;

use super::context::{Context, Ends};
use super::given::{self, Given};
use super::tasks::Tasks;
use super::{App, Running, subsystems};
use crate::clock::Clock;
use crate::config::Settings;
use crate::follow::spool::Spool;
use crate::follow::{Source, View};
use crate::registry::Registry;
use crate::serve::health::Lifecycle;
use crate::serve::listener::Listener;
use crate::serve::mode::Mode;
use crate::store;

/// Interval at which a starting follower checks whether it has a model.
const FIRST_LOOK: Duration = Duration::from_millis(20);

impl App {
    /// Starts a server that only predicts: it opens no store, starts no training and writes nothing. Returns once it is
    /// ready. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The server cannot start: no model, or a missing secret.
    pub async fn predict_only(
        settings: Settings,
        given: Given,
        listener: Listener,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<App> {
        let found = tokio::task::spawn_blocking(move || given.find()).await??;
        let file = store::File::in_memory()?;
        let (registry, bound) = (found.registry.clone(), listener.bound.clone());
        let (context, ends) = Context::new(file, registry, settings, bound, clock)?;
        let (version, champion) = found.champion();
        subsystems::follower(&context).put_live(version, champion);
        let spool = subsystems::spool(&context, None, &View::default());
        let running = run(&context, listener, spool, ends)?;
        Ok(App::of(Mode::PredictOnly, context, running))
    }

    /// Starts a predict-only server that follows `source`. Returns once it is ready, which may take as long as the source
    /// cannot be reached and no model of an earlier run is kept. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The server cannot start: the state is that of a server that trains, or a secret is missing.
    pub async fn follow(
        settings: Settings,
        source: Source,
        listener: Listener,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<App> {
        let registry = Registry::open(&settings.state)?.read_only();
        if registry.has_ledger() {
            anyhow::bail!(
                "{} is the state of a server that trains; a follower needs one of its own: name it with --state",
                settings.state.display()
            );
        }
        let file = store::File::in_memory()?;
        let bound = listener.bound.clone();
        let (mut context, ends) = Context::new(file, registry, settings, bound, clock)?;
        let view = View::default();
        context.follow = Some(view.clone());
        let spool = subsystems::spool(&context, Some(&source), &view);
        let mut running = run(&context, listener, spool, ends)?;
        let follower = subsystems::source_follower(&context, source, &view);
        // First, because a source that hangs takes its time.
        given::kept(&context, &follower).await;
        let live = follower.live().clone();
        running.tasks.spawn("follower", follower.run());
        while live.version().is_none() {
            tokio::select! {
                () = tokio::time::sleep(FIRST_LOOK) => {}
                task = running.tasks.ended() => anyhow::bail!("the task {task} ended on its own"),
            }
        }
        Ok(App::of(Mode::PredictOnly, context, running))
    }
}

/// Starts the HTTP server and what a server without a store has beside it.
fn run(context: &Context, listener: Listener, spool: Spool, ends: Ends) -> anyhow::Result<Running> {
    let spool = spool.start(ends.writer.into_predictions())?;
    let lifecycle = Lifecycle::default();
    let served = subsystems::serve(context, Mode::PredictOnly, listener, &lifecycle)?;
    let mut tasks = Tasks::default();
    subsystems::upkeep(context, &mut tasks);
    Ok(Running {
        lifecycle,
        server: served.handle(),
        served: tokio::spawn(served),
        tasks,
        spool: Some(spool),
    })
}
