//! Predictions on their way into the feed, off the answer's path.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::Feed;
use super::event::{Fact, Prediction};
use crate::telemetry::metrics::{Metrics, Topic};

/// Predictions that may wait: a fifth of a second of the fastest traffic one machine answers, 8 MiB at most.
const WAITING: usize = 1 << 16;

/// Predictions taken at once.
const BATCH: usize = 1024;

/// Pause between two batches: many predictions then cost one waking of the task, and nobody sees five milliseconds.
const PAUSE: Duration = Duration::from_millis(5);

/// Takes note of predictions. Clones share one queue.
#[derive(Clone, Debug)]
pub struct Recorder {
    queue: mpsc::Sender<Prediction>,
    metrics: Arc<Metrics>,
}

impl Recorder {
    /// Notes a prediction that was answered; never waits. When the queue is full, the event is lost and counted.
    pub fn note(&self, prediction: Prediction) {
        if self.queue.try_send(prediction).is_err() {
            self.metrics.titanic_feed_dropped_events_total.increment(1);
        }
    }
}

/// The task at the other end.
#[derive(Debug)]
pub struct Drain {
    queue: mpsc::Receiver<Prediction>,
    feed: Feed,
}

/// A recorder into `feed`, and the task that empties it.
pub fn recorder(feed: &Feed) -> (Recorder, Drain) {
    let (sender, queue) = mpsc::channel(WAITING);
    let metrics = feed.0.metrics.clone();
    let drain = Drain {
        queue,
        feed: feed.clone(),
    };
    (
        Recorder {
            queue: sender,
            metrics,
        },
        drain,
    )
}

impl Drain {
    /// Publishes what is noted, until every recorder is gone.
    pub async fn run(mut self) {
        let mut batch = Vec::with_capacity(BATCH);
        while self.queue.recv_many(&mut batch, BATCH).await > 0 {
            let waiting = self.queue.len();
            self.feed
                .0
                .metrics
                .titanic_feed_queue_length
                .set(waiting as f64);
            let facts = batch
                .drain(..)
                .map(|noted| (Topic::Predictions, Fact::Prediction(noted)));
            self.feed.append(facts);
            if waiting < BATCH {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
