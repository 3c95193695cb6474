//! Composition root: builds a server from settings, a listener and a clock. Both `main` and the tests start it here.
//!
//! Start: create the handles, start the HTTP server (alive, not ready), load the model or train one if there is none, start
//! the tasks, report ready. Stop: report not ready and keep responding for `server.drain`, close WebSockets, finish requests
//! in flight, store the predictions that were sent, end the tasks.

mod context;
mod first;
mod given;
mod predict_only;
mod pulls;
mod subsystems;
mod tasks;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

pub use first::First;
pub use given::{FOLDERS, Given};

use crate::alert;
use crate::backup::{self, Backups};
use crate::clock::Clock;
use crate::config::Settings;
use crate::control::jobs::Jobs;
use crate::follow::spool;
use crate::registry::Registry;
use crate::serve::address::ServerUrl;
use crate::serve::health::Lifecycle;
use crate::serve::listener::{Bound, Listener};
use crate::serve::mode::Mode;
use crate::store::feed::{Feed, Recorder};
use crate::store::{self, Store};
use context::Context;
use pulls::Pulls;
use tasks::Tasks;

/// Part of the shutdown time that is reserved for storing events, so that requests that never end do not cause the loss of
/// events. At most a quarter of the shutdown time.
const STORING: Duration = Duration::from_secs(2);

/// A running server that is ready.
pub struct App {
    /// Where the server listens; the file of a Unix socket is removed with the app.
    bound: Bound,
    url: ServerUrl,
    lifecycle: Lifecycle,
    server: ServerHandle,
    served: JoinHandle<std::io::Result<()>>,
    jobs: Jobs,
    backups: Backups,
    trainer: Option<std::thread::JoinHandle<()>>,
    pulls: Pulls,
    tasks: Tasks,
    drain: Duration,
    shutdown: Duration,
    feed: Feed,
    store: Store,
    alerts: alert::Handle,
    recorder: Recorder,
    mode: Mode,
    spool: Option<spool::Handle>,
}

impl App {
    /// Starts a server; returns once it is ready. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The server cannot start: no intact model, no table to train a first one on, or a missing secret.
    pub async fn start(
        settings: Settings,
        first: First,
        listener: Listener,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<App> {
        let state = settings.state.clone();
        tokio::task::spawn_blocking(move || try_volume(&state)).await??;
        backup::finish(&settings.state)?; // a restore that was interrupted after its last check
        let file = store::open(&settings.state)?;
        App::over(file, settings, first, listener, clock).await
    }

    /// Like [`App::start`], over a store that is already open. Tests use it with storage that simulates, for
    /// example, a disk that stalls.
    pub async fn over(
        file: store::File,
        settings: Settings,
        first: First,
        listener: Listener,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<App> {
        let registry = Registry::open(&settings.state)?;
        let bound = listener.bound.clone();
        let (context, ends) = Context::new(file, registry, settings, bound, clock)?;
        let lifecycle = Lifecycle::default();
        let begin = context.store.last()?;
        let served = subsystems::serve(&context, Mode::Full, listener, &lifecycle)?;
        let server = served.handle();
        let served = tokio::spawn(served);

        let follower = subsystems::follower(&context);
        let folder = first.folder.clone();
        // Ledger lines after this one are followed; the model is loaded from the lines before.
        let seq = context.registry.last_seq()?;
        if let Err(error) = first.load(&follower, &context.settings).await {
            server.stop(false).await;
            return Err(error);
        }

        let mut tasks = Tasks::default();
        tasks.spawn("store", ends.writer.run());
        tasks.spawn("alerts", ends.alerts.run());
        subsystems::health(&context, &mut tasks);
        subsystems::live(&context, &mut tasks, follower, seq, ends.woken);
        subsystems::retention(&context, &mut tasks);
        subsystems::backups(&context, &mut tasks);
        subsystems::publish(&context, &mut tasks)?;
        subsystems::timeline(&context, &mut tasks);
        subsystems::monitoring(&context, &mut tasks, begin);
        let trainer = subsystems::control(&context, &mut tasks, folder, (ends.valve, ends.tapped))?;
        let pulls = subsystems::pulls(&context)?;
        announce(&context);
        let running = Running {
            lifecycle,
            server,
            served,
            tasks,
            spool: None,
        };
        let app = App::of(Mode::Full, context, running);
        Ok(App {
            trainer: Some(trainer),
            pulls,
            ..app
        })
    }

    /// An app without a training thread and scheduled sources.
    fn of(mode: Mode, context: Context, running: Running) -> App {
        let Context {
            settings,
            bound,
            url,
            feed,
            recorder,
            store,
            alerts,
            jobs,
            backups,
            ..
        } = context;
        let Running {
            lifecycle,
            server,
            served,
            tasks,
            spool,
        } = running;
        App {
            bound,
            url,
            lifecycle,
            server,
            served,
            jobs,
            trainer: None,
            pulls: Pulls::default(),
            backups,
            tasks,
            drain: settings.server.drain.0,
            shutdown: settings.server.shutdown.0,
            feed,
            store,
            alerts,
            recorder,
            mode,
            spool,
        }
    }

    /// Where the server listens.
    pub fn bound(&self) -> &Bound {
        &self.bound
    }

    /// The URL at which this machine reaches the server.
    pub fn url(&self) -> &ServerUrl {
        &self.url
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

    /// A handle that can request the stop from anywhere.
    pub fn lifecycle(&self) -> Lifecycle {
        self.lifecycle.clone()
    }

    /// Requests a stop; [`App::wait`] carries it out.
    pub fn stop(&self) {
        self.lifecycle.stop();
    }

    /// Serves until a stop is requested, then stops within `server.drain` plus `server.shutdown`.
    ///
    /// # Errors
    /// The HTTP server or a task ended unexpectedly.
    pub async fn wait(mut self) -> anyhow::Result<()> {
        let failed = tokio::select! {
            () = self.lifecycle.stopped() => None,
            failure = failure(&mut self.served, &mut self.tasks) => Some(failure),
        };
        self.lifecycle.stop();
        self.jobs.close();
        self.backups.stop();
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
                "server: stopping took longer than server.shutdown; unfinished work is abandoned"
            );
        }
        failed.map_or(Ok(()), Err)
    }

    /// Finishes requests in flight, stores the events of sent responses, and ends the tasks.
    async fn end(mut self) {
        let storing = STORING.min(self.shutdown / 4);
        let end = Instant::now() + self.shutdown - storing;
        if timeout_at(end, self.server.stop(true)).await.is_err() {
            tracing::warn!(
                "server: open requests took longer than server.shutdown; they are aborted"
            );
            self.served.abort();
        }
        self.pulls
            .end(end.saturating_duration_since(Instant::now()))
            .await;
        if let Some(trainer) = self.trainer.take() {
            // The trainer checks for the stop after every fit; a fit that takes longer is abandoned.
            let joined = tokio::task::spawn_blocking(move || trainer.join());
            let _ = timeout_at(end, joined).await;
        }
        // Events of sent responses are stored before the writer ends.
        if self.mode == Mode::Full
            && let Err(error) = self.store.flush().await
        {
            tracing::error!(%error, "store: the last events could not be written");
        }
        drop(self.recorder); // the writer ends when nobody records any more: not before
        if let Some(spool) = self.spool.take() {
            // Before the shutdown time is over, so that what is lost is counted.
            spool.end(end + storing / 2).await;
        }
        self.tasks.end().await;
        let store = self.store;
        // A separate thread, because a disk that stalls blocks this call.
        let _ = tokio::task::spawn_blocking(move || store.close()).await;
    }
}

/// Checks that the volume of the state keeps what the store relies on, and logs its free space.
fn try_volume(state: &Path) -> Result<(), store::volume::VolumeError> {
    store::volume::check(state)?;
    let free = store::volume::free(state).map(|bytes| format!("{} MiB", bytes >> 20));
    tracing::info!(state = %state.display(), free, "the volume of the state keeps locks and renames");
    Ok(())
}

/// The running parts of a server.
struct Running {
    lifecycle: Lifecycle,
    server: ServerHandle,
    served: JoinHandle<std::io::Result<()>>,
    tasks: Tasks,
    /// Sends the predictions of a follower; ends when nobody records any more.
    spool: Option<spool::Handle>,
}

/// Waits until the HTTP server or a task ends unexpectedly, and returns the error.
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

/// Writes the server's URL beside the store, so that commands on this machine can find the server.
fn announce(context: &Context) {
    if let Err(error) = context.store.announce(&context.url.to_string()) {
        tracing::warn!(%error, "store: cannot write the server's address beside it; commands cannot find this server");
    }
}
