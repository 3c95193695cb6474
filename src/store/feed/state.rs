//! What the feed and its subscriptions share: the events that are kept, the readers that want new ones, the counter of both.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc};

use super::event::{Event, Topics};
use crate::clock::Clock;
use crate::telemetry::metrics::Metrics;

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

pub(super) struct Shared {
    pub(super) epoch: String,
    pub(super) options: Options,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) seq: u64,
    pub(super) kept: VecDeque<Arc<Event>>,
    pub(super) readers: Vec<Reader>,
    pub(super) readers_ever: u64,
}

/// Whether a reader fell too far behind, and the bell that tells it.
#[derive(Debug, Default)]
pub(super) struct Overrun {
    happened: AtomicBool,
    bell: Notify,
}

impl Overrun {
    pub(super) fn declare(&self) {
        self.happened.store(true, Ordering::Release);
        self.bell.notify_one();
    }

    pub(super) fn has_happened(&self) -> bool {
        self.happened.load(Ordering::Acquire)
    }

    /// Ends when it has happened.
    pub(super) async fn wait(&self) {
        while !self.has_happened() {
            self.bell.notified().await;
        }
    }
}

/// The feed's end of a subscription.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) id: u64,
    pub(super) topics: Topics,
    pub(super) queue: mpsc::Sender<Arc<Event>>,
    pub(super) overrun: Arc<Overrun>,
}

impl Shared {
    /// No holder can leave the state half changed: nothing in between can panic.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Hands an event to whoever wants it; gives how many were too slow for it and are cut off.
    pub(super) fn tell(&mut self, event: &Arc<Event>) -> u64 {
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
    pub(super) fn after(&self, since: &Since, epoch: &str) -> Result<Vec<Arc<Event>>, SinceError> {
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

    pub(super) fn set_topics(&mut self, id: u64, topics: Topics) {
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
