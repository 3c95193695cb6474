//! Predictions on their way off the answer's path.

use std::sync::Arc;

use tokio::sync::mpsc;

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
            self.metrics
                .titanic_store_lost_predictions_total
                .increment(1);
        }
    }
}

/// A recorder, and the other end of its queue.
pub fn recorder(metrics: Arc<Metrics>) -> (Recorder, mpsc::Receiver<Arc<Prediction>>) {
    let (queue, taken) = mpsc::channel(WAITING);
    (Recorder { queue, metrics }, taken)
}
