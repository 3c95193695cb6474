//! Setup of the demo: a first model trained on a part of the table, and a real server that serves it.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::Context;

use super::say::Say;
use super::traffic::Traffic;
use crate::app::{App, First};
use crate::cli::progress::Shown;
use crate::clock::System;
use crate::config::Settings;
use crate::control::retrain::{self, Order};
use crate::model::Spec;
use crate::promotion::policy::Promote;
use crate::registry::Registry;
use crate::serve::listener::Listener;
use crate::train::{Progress, Request};
use crate::trainset::table;

/// A running server and the traffic for it.
pub struct Stage {
    app: App,
    pub traffic: Traffic,
    pub spec: Spec,
    /// Number of labels that a retraining which a drift verdict requests waits for.
    pub labels: usize,
    /// Number of predictions in a window of the monitor.
    pub window: usize,
}

impl Stage {
    /// Splits the table, trains the first model and starts the server. The training fails once `stop` is set.
    pub async fn set(
        seed: u64,
        mut settings: Settings,
        listener: Listener,
        say: Say,
        stop: Arc<AtomicBool>,
    ) -> anyhow::Result<Stage> {
        let spec = Spec::bundled();
        let whole = table::of_spec(&spec, "".as_ref())?.table;
        let traffic = Traffic::deal(&whole, seed)?;
        say.line(format_args!(
            "{} of {} rows are the training rows; the others come as traffic, each once",
            traffic.learnt.table.len(),
            whole.len()
        ))?;
        settings.train.seed = seed;
        // Only a verdict may start the training, which then waits for all labels that come before the swap: with fewer, the
        // gate could not measure the improvement. The cooldown is longer than the demo, so the server retrains once.
        let labels = traffic.steady.len() + traffic.during.len();
        settings.retrain.labels = None;
        settings.retrain.drift_labels =
            NonZeroU64::new(labels as u64).context("the table has too few rows")?;
        let window = settings.monitor.window.get();
        let (spec, traffic, settings) = tokio::task::spawn_blocking(move || {
            first_model(&spec, &traffic, &settings, &Shown::new(false, true, stop))?;
            anyhow::Ok((spec, traffic, settings))
        })
        .await??;
        let app = App::start(settings, First::bundled(), listener, Arc::new(System)).await?;
        Ok(Stage {
            app,
            traffic,
            spec,
            labels,
            window,
        })
    }

    /// URL of the server.
    pub fn url(&self) -> String {
        self.app.url().to_string()
    }

    /// Stops the server as a signal would.
    pub async fn clear(self) -> anyhow::Result<()> {
        self.app.stop();
        self.app.wait().await
    }
}

fn first_model(
    spec: &Spec,
    traffic: &Traffic,
    settings: &Settings,
    progress: &dyn Progress,
) -> anyhow::Result<()> {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let request = Request {
        learner: None,
        folds: settings.retrain.folds as usize,
        repeats: settings.retrain.repeats.get() as usize,
        seed: settings.train.seed,
        threads: settings.threads.map_or_else(cores, usize::from),
        limits: Default::default(),
    };
    let order = Order {
        request,
        promote: Promote::Auto,
        by: "demo".into(),
        gate: settings.gate,
        max_bad: crate::ingest::MAX_BAD,
    };
    let registry = Registry::open(&settings.state)?;
    let training_set = traffic.learnt.clone().into();
    retrain::run(
        &registry,
        spec,
        &training_set,
        None,
        &order,
        &System,
        progress,
    )?;
    Ok(())
}
