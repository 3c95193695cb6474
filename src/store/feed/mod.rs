//! The live feed: events of all topics under one counter, the latest of which are retained for subscribers that resume.
//!
//! A subscriber gets every event of its topics after its starting position: retained events first, then new ones, in order,
//! each once and without a gap, because both are determined under one lock. Its queue is bounded. A subscriber whose queue is
//! full is cut off and notified ([`Subscription::next`]), so that a slow one never delays the others. The first subscriber
//! that needs an event serializes it, outside the lock; without subscribers, publishing is a push into a ring buffer.
//!
//! The counter restarts with the process; `epoch` identifies the process that a sequence number belongs to.

mod event;
mod recorder;
mod state;
mod subscription;
mod tap;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use serde::Serialize;
use tokio::sync::mpsc;

pub use crate::telemetry::metrics::Topic;
pub use event::{Event, Prediction, PredictionId, TOPICS, Topics, name, named};
pub use recorder::{Recorder, recorder};
pub use state::{Options, Since, SinceError};
pub use subscription::Subscription;
pub use tap::{Tap, Tapped, Valve, tap};

use crate::clock::Clock;
use crate::telemetry::metrics::Metrics;
use event::Fact;
use state::{Overrun, Reader, Shared};

/// Handle to the feed; clones share it.
#[derive(Clone, Debug)]
pub struct Feed(Arc<Shared>);

impl Feed {
    pub fn new(options: Options, clock: Arc<dyn Clock>, metrics: Arc<Metrics>) -> Feed {
        let epoch = clock.id().simple().to_string();
        Feed(Arc::new(Shared {
            epoch,
            options,
            clock,
            metrics,
            state: Mutex::default(),
        }))
    }

    /// Identifies this run of the counter.
    pub fn epoch(&self) -> &str {
        &self.0.epoch
    }

    /// Publishes an event with JSON contents.
    ///
    /// # Panics
    /// When `data` cannot be serialized, as with keys that are not text.
    pub fn publish(&self, topic: Topic, data: &impl Serialize) {
        let json = serde_json::to_string(data).expect("events are structs with text keys");
        self.append(topic, [Fact::Told(json.into())]);
    }

    /// Publishes predictions that clients received.
    pub fn predictions(&self, made: &[Arc<Prediction>]) {
        let facts = made.iter().map(|made| Fact::Prediction(made.clone()));
        self.append(Topic::Predictions, facts);
    }

    /// Opens a subscription, to no topic yet.
    pub fn open(&self) -> Subscription {
        let (sender, queue) = mpsc::channel(self.0.options.queue);
        let overrun = Arc::new(Overrun::default());
        let mut state = self.0.lock();
        state.readers_ever += 1;
        let id = state.readers_ever;
        state.readers.push(Reader {
            id,
            topics: Topics::default(),
            queue: sender,
            overrun: overrun.clone(),
        });
        Subscription {
            feed: self.0.clone(),
            id,
            topics: Topics::default(),
            ready: VecDeque::new(),
            queue,
            overrun,
        }
    }

    fn append(&self, topic: Topic, facts: impl IntoIterator<Item = Fact>) {
        let Shared {
            options,
            clock,
            metrics,
            ..
        } = &*self.0;
        let time = clock.now();
        let mut state = self.0.lock();
        let (mut told, mut lost) = (0, 0);
        for fact in facts {
            state.seq += 1;
            let event = Arc::new(Event::new(topic, state.seq, time, fact));
            lost += state.tell(&event);
            state.kept.push_back(event);
            if state.kept.len() > options.keep {
                state.kept.pop_front();
            }
            told += 1;
        }
        metrics.titanic_feed_events_total.of(topic).increment(told);
        metrics.titanic_feed_dropped_events_total.increment(lost);
    }
}
