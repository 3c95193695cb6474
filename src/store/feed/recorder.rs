//! Predictions on their way off the answer's path.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::time::{Instant, timeout_at};

use super::event::Prediction;
use crate::telemetry::metrics::Metrics;

/// Predictions that may wait to be taken: a fifth of a second of the fastest traffic one machine answers, 16 MiB at most.
const WAITING: usize = 1 << 16;

/// Takes note of predictions. Clones share one queue.
#[derive(Clone, Debug)]
pub struct Recorder {
    queue: mpsc::Sender<Arc<Prediction>>,
    metrics: Arc<Metrics>,
}

impl Recorder {
    /// Notes a prediction that was answered; never waits. When the queue is full, it is lost and counted.
    pub fn note(&self, prediction: Prediction) {
        if self.queue.try_send(Arc::new(prediction)).is_err() {
            self.lose();
        }
    }

    /// The same for a thread that serves nobody else: it waits for room until then.
    ///
    /// # Panics
    /// On a thread that runs tasks, or outside of a runtime.
    pub fn note_by(&self, until: Instant, prediction: Prediction) {
        let sent = match self.queue.try_send(Arc::new(prediction)) {
            Ok(()) => true,
            Err(TrySendError::Closed(_)) => false,
            Err(TrySendError::Full(prediction)) => {
                let sending = timeout_at(until, self.queue.send(prediction));
                matches!(Handle::current().block_on(sending), Ok(Ok(())))
            }
        };
        if !sent {
            self.lose();
        }
    }

    fn lose(&self) {
        self.metrics
            .titanic_store_dropped_predictions_total
            .increment(1);
    }
}

/// A recorder, and the other end of its queue.
pub fn recorder(metrics: Arc<Metrics>) -> (Recorder, mpsc::Receiver<Arc<Prediction>>) {
    let (queue, taken) = mpsc::channel(WAITING);
    (Recorder { queue, metrics }, taken)
}
