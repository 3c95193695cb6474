//! Threads that read the scheduled sources.

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

/// The threads and the flag that stops them.
#[derive(Debug, Default)]
pub struct Pulls {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Pulls {
    /// Starts one thread per source.
    ///
    /// # Errors
    /// A source is invalid, or the system cannot start another thread.
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

    /// Requests the threads to end.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Waits until the threads end, at most `patience`: a thread that waits for an unresponsive server is abandoned.
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
