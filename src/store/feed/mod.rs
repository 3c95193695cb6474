//! The live feed: events of all topics under one counter, the last of them kept for those who resume.
//!
//! A subscriber gets every event of its topics with a number above where it began: what was kept first, then what comes,
//! in order, once, without a gap; both are settled under one lock. Its queue is bounded: one that is full is cut off and
//! told so ([`Subscription::next`]), so a slow reader never holds up the others. An event is written as text by the first
//! subscriber that wants it, outside the lock; when nobody listens, publishing is a push into a ring.
//!
//! The counter starts anew with the process; `epoch` tells one life of it from another.

mod event;
mod recorder;
mod subscription;
mod tap;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::mpsc;
use uuid::Uuid;

pub use crate::telemetry::metrics::Topic;
pub use event::{Event, Prediction, PredictionId, TOPICS, Topics, name, named};
pub use recorder::{Recorder, recorder};
pub use subscription::Subscription;
pub use tap::{Tap, Tapped, Valve, tap};

use crate::clock::Clock;
use crate::telemetry::metrics::Metrics;
use event::Fact;
use subscription::Reader;

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Events kept for those who resume.
    pub keep: usize,
    /// Events that may wait for one subscriber.
    pub queue: usize,
}

/// Where a subscriber resumes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// The last event it has.
    pub seq: u64,
    /// The epoch it has it from, where it says so.
    pub epoch: Option<String>,
}

/// Why nobody can resume there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SinceError {
    /// Events after it are gone.
    #[error("events after {since} are no longer all there: the oldest kept is {oldest}; subscribe without since, or since {}", .oldest - 1)]
    TooOld {
        /// As asked for.
        since: u64,
        /// The oldest kept.
        oldest: u64,
    },
    /// It has not happened yet.
    #[error(
        "there is no event {since} yet: the last is {last}, the oldest kept {oldest}; subscribe without since"
    )]
    Future {
        /// As asked for.
        since: u64,
        /// The last event.
        last: u64,
        /// The oldest kept.
        oldest: u64,
    },
    /// Another life of the counter.
    #[error(
        "epoch {given:?} is over, this is {epoch:?}; the oldest event kept is {oldest}; subscribe without since"
    )]
    Epoch {
        /// As asked for.
        given: String,
        /// The present one.
        epoch: String,
        /// The oldest kept.
        oldest: u64,
    },
}

/// The feed. Clones share it.
#[derive(Clone, Debug)]
pub struct Feed(Arc<Shared>);

struct Shared {
    epoch: String,
    options: Options,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    seq: u64,
    kept: VecDeque<Arc<Event>>,
    readers: Vec<Reader>,
    readers_ever: u64,
}

impl Feed {
    /// An empty feed.
    pub fn new(options: Options, clock: Arc<dyn Clock>, metrics: Arc<Metrics>) -> Feed {
        let epoch = Uuid::now_v7().simple().to_string();
        Feed(Arc::new(Shared {
            epoch,
            options,
            clock,
            metrics,
            state: Mutex::default(),
        }))
    }

    /// This life of the counter.
    pub fn epoch(&self) -> &str {
        &self.0.epoch
    }

    /// Publishes something that happened.
    ///
    /// # Panics
    /// When `data` has keys that are no text.
    pub fn publish(&self, topic: Topic, data: &impl Serialize) {
        let json = serde_json::to_string(data).expect("events are structs with text keys");
        self.append(topic, [Fact::Told(json.into())]);
    }

    /// Publishes predictions that were answered.
    pub fn predictions(&self, made: &[Arc<Prediction>]) {
        let facts = made.iter().map(|made| Fact::Prediction(made.clone()));
        self.append(Topic::Predictions, facts);
    }

    /// A subscription, to no topic yet.
    pub fn open(&self) -> Subscription {
        let (sender, queue) = mpsc::channel(self.0.options.queue);
        let overrun = Arc::new(subscription::Overrun::default());
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
            feed: self.clone(),
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

impl Shared {
    /// No holder can leave the state half changed: nothing in between can panic.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Hands an event to whoever wants it; gives how many were too slow for it and are cut off.
    fn tell(&mut self, event: &Arc<Event>) -> u64 {
        let before = self.readers.len();
        self.readers.retain(|reader| {
            if !reader.topics.has(event.topic()) {
                return true;
            }
            let taken = reader.queue.try_send(event.clone());
            if taken.is_err() {
                reader.overrun.declare();
            }
            taken.is_ok()
        });
        (before - self.readers.len()) as u64
    }

    /// Events kept after `since`.
    fn after(&self, since: &Since, epoch: &str) -> Result<Vec<Arc<Event>>, SinceError> {
        let oldest = self.kept.front().map_or(self.seq + 1, |event| event.seq());
        if let Some(given) = since.epoch.as_deref().filter(|given| *given != epoch) {
            return Err(SinceError::Epoch {
                given: given.into(),
                epoch: epoch.into(),
                oldest,
            });
        }
        let since = since.seq;
        if since > self.seq {
            return Err(SinceError::Future {
                since,
                last: self.seq,
                oldest,
            });
        }
        if since + 1 < oldest {
            return Err(SinceError::TooOld { since, oldest });
        }
        let skip = (since + 1 - oldest) as usize;
        Ok(self.kept.iter().skip(skip).cloned().collect())
    }

    fn set_topics(&mut self, id: u64, topics: Topics) {
        if let Some(reader) = self.readers.iter_mut().find(|reader| reader.id == id) {
            reader.topics = topics;
        }
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Feed({}, {:?})", self.epoch, self.options)
    }
}
