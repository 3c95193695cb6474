//! The threads of the scheduled sources.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::clock::Clock;
use crate::config::Settings;
use crate::live::LiveModel;
use crate::pulls::Pull;
use crate::pulls::view::Sources;
use crate::store::Store;

/// The threads, and what ends them.
#[derive(Debug, Default)]
pub struct Pulls {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Pulls {
    /// Starts one thread a source.
    ///
    /// # Errors
    /// When a source makes no sense, or the system has no thread left.
    pub fn start(
        settings: &Settings,
        store: &Store,
        live: &LiveModel,
        sources: &Sources,
        clock: &Arc<dyn Clock>,
    ) -> anyhow::Result<Pulls> {
        let mut pulls = Pulls::default();
        for (name, scheduled) in &settings.sources {
            let pull = Pull {
                name: name.clone(),
                source: scheduled.source()?,
                every: scheduled.every.0,
                store: store.clone(),
                live: live.clone(),
                stop: pulls.stop.clone(),
                sources: sources.clone(),
                clock: clock.clone(),
            };
            sources.add(name, pull.source.name(), pull.every.as_secs_f64());
            pulls.threads.push(pull.start()?);
        }
        Ok(pulls)
    }

    /// Asks them to end.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Waits for their end, within reason: one that waits for a silent server is left behind.
    pub async fn end(&mut self, patience: Duration) {
        let threads = std::mem::take(&mut self.threads);
        let end = tokio::task::spawn_blocking(move || {
            for thread in threads {
                let _ = thread.join(); // what it could not do, it has told
            }
        });
        let _ = tokio::time::timeout(patience, end).await;
    }
}
