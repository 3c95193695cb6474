//! Sends the predictions of a follower to its source, so that labels, monitor and loop see all traffic.
//!
//! Predictions wait in a `queue` until the source has acknowledged them, and if there is a folder for it, in a `file` too,
//! which a thread of its own writes (`writer`). Sending one again does no harm: the source stores each id once. When too many
//! wait, the oldest are dropped and counted.
//!
//! A prediction is answered before it is in the file, and neither subscribers nor the source wait for it, so that a disk that
//! stalls delays nothing. A follower that is killed loses those that are not in the file; at a stop they are counted.

mod file;
mod lines;
mod queue;
mod sender;
mod shared;
mod writer;

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::View;
use super::options;
use super::source::Server;
use crate::store::feed::{Feed, Prediction};
use crate::telemetry::metrics::Metrics;
pub use file::SpoolError;
use file::{SpoolFile, Storage};
use lines::Found;
use queue::Queue;
use shared::{Phase, Shared};

/// Maximum number of predictions that are taken at once.
const BATCH: usize = 2000;

/// Publishes predictions to subscribers and sends them to a server.
pub struct Spool {
    /// The server; `None` for a source that takes no predictions.
    pub server: Option<Server>,
    pub options: options::Spool,
    pub feed: Feed,
    pub view: View,
    pub metrics: Arc<Metrics>,
    /// Makes random numbers from 0 to 1.
    pub random: fn() -> f64,
}

/// A running spool.
pub struct Handle {
    task: JoinHandle<()>,
    shared: Arc<Shared>,
}

impl Spool {
    /// Opens the file, if there is to be one, and starts the task, which runs until every sender of predictions is gone and
    /// what waits was sent.
    ///
    /// # Errors
    /// The file cannot be opened.
    pub fn start(self, predictions: mpsc::Receiver<Arc<Prediction>>) -> Result<Handle, SpoolError> {
        let folder = self.options.folder.as_deref();
        let opened = match folder.filter(|_| self.server.is_some()) {
            Some(folder) => {
                let (file, found) = SpoolFile::open(folder)?;
                Some((Box::new(file) as Box<dyn Storage>, found))
            }
            None => None,
        };
        Ok(self.over(opened, predictions))
    }

    /// Like [`Spool::start`], over a file that is already open.
    fn over(
        self,
        file: Option<(Box<dyn Storage>, Found)>,
        predictions: mpsc::Receiver<Arc<Prediction>>,
    ) -> Handle {
        let (file, found) = file.unzip();
        let (queue, damaged) = match found {
            Some(Found { lines, damaged }) => (Some(Queue::inherited(lines)), damaged),
            None => (None, 0),
        };
        let count = queue.as_ref().map_or(0, Queue::len);
        if count > 0 {
            tracing::info!(
                count,
                "follower: predictions of the last run are sent to the source"
            );
        }
        let shared = Arc::new(Shared::new(
            queue,
            self.options.size.0,
            self.view.clone(),
            self.metrics.clone(),
        ));
        shared.drop_predictions(damaged);
        shared.show();
        let task = tokio::spawn(self.run(predictions, file, shared.clone()));
        Handle { task, shared }
    }

    async fn run(
        self,
        predictions: mpsc::Receiver<Arc<Prediction>>,
        file: Option<Box<dyn Storage>>,
        shared: Arc<Shared>,
    ) {
        let written = file.map(|file| writer::start(file, shared.clone(), self.random));
        // Apart, so that a source that hangs holds up neither subscribers nor clients.
        tokio::join!(self.receive(predictions, &shared), self.deliver(&shared));
        shared.enter(Phase::Sent);
        if let Some(written) = written {
            match written {
                Ok(written) => tokio::select! {
                    _ = written => {}
                    () = shared.reached(Phase::Over) => {}
                },
                Err(error) => {
                    tracing::error!(%error, "follower: no thread for the spool file; predictions waited in memory alone");
                }
            }
        }
    }

    /// Takes predictions into the queue. Waits for nothing else.
    async fn receive(&self, mut predictions: mpsc::Receiver<Arc<Prediction>>, shared: &Shared) {
        let mut taken = Vec::new();
        loop {
            let is_last = tokio::select! {
                count = predictions.recv_many(&mut taken, BATCH) => count == 0,
                () = shared.reached(Phase::Over) => {
                    // Those that were answered and not taken yet count as well.
                    predictions.close();
                    while let Ok(prediction) = predictions.try_recv() {
                        taken.push(prediction);
                    }
                    true
                }
            };
            self.feed.predictions(&taken);
            let made = taken.drain(..).filter(|_| self.server.is_some());
            shared.add(made.map(|prediction| prediction.line().into()).collect());
            if is_last {
                break;
            }
        }
        shared.enter(Phase::Closed);
    }

    async fn deliver(&self, shared: &Shared) {
        if let Some(server) = &self.server {
            tokio::select! {
                () = sender::deliver(server, shared, self.random) => {}
                () = shared.reached(Phase::Over) => {}
            }
        }
    }
}

impl Handle {
    /// Waits until what waits was sent, at most until `end`; what was not sent then is dropped and counted, unless it is in the
    /// file. Every sender of predictions should be gone.
    pub async fn end(mut self, end: Instant) {
        if timeout_at(end, &mut self.task).await.is_err() {
            self.shared.enter(Phase::Over);
            // From now on the task waits for nothing.
            let _ = (&mut self.task).await;
        }
    }
}

impl Drop for Handle {
    /// Counts what is lost also where the stop itself was given up.
    fn drop(&mut self) {
        self.shared.enter(Phase::Over);
        self.shared.account();
    }
}

#[cfg(test)]
mod tests;
