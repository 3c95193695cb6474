//! The queue that takes predictions off the path of the response, to the store's writer.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::time::{Instant, timeout_at};

use super::event::Prediction;
use crate::telemetry::metrics::Metrics;

/// Capacity of the queue: a fifth of a second of the fastest traffic of one machine, at most 16 MiB.
const WAITING: usize = 1 << 16;

/// The sending end of the queue. Clones share one queue.
#[derive(Clone, Debug)]
pub struct Recorder {
    queue: mpsc::Sender<Arc<Prediction>>,
    metrics: Arc<Metrics>,
}

impl Recorder {
    /// Queues a prediction; never waits. When the queue is full, the prediction is dropped and counted.
    pub fn note(&self, prediction: Prediction) {
        if self.queue.try_send(Arc::new(prediction)).is_err() {
            self.lose();
        }
    }

    /// Does the same as [`Recorder::note`], but blocks until the queue has room, at most until `until`.
    ///
    /// # Panics
    /// On a thread that runs async tasks, or outside a Tokio runtime.
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

pub fn recorder(metrics: Arc<Metrics>) -> (Recorder, mpsc::Receiver<Arc<Prediction>>) {
    let (queue, taken) = mpsc::channel(WAITING);
    (Recorder { queue, metrics }, taken)
}
