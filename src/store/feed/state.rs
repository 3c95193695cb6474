//! The state that the feed and its subscriptions share: retained events, readers, and the counter of events.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, mpsc};

use super::event::{Event, Topics};
use crate::clock::Clock;
use crate::telemetry::metrics::Metrics;

/// The limits of the feed.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Number of events retained for subscribers that resume.
    pub keep: usize,
    /// Maximum number of events that may be queued for one subscriber.
    pub queue: usize,
}

/// The position from which a subscriber resumes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Since {
    /// Sequence number of the last event that the subscriber has.
    pub seq: u64,
    /// The epoch (run of the server) in which that number was assigned, if the subscriber names it.
    pub epoch: Option<String>,
}

/// Why a subscriber cannot resume from a position.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SinceError {
    /// Events after the position are no longer retained.
    #[error("events after {since} are no longer all there: the oldest kept is {oldest}; subscribe without since, or since {}", .oldest - 1)]
    TooOld {
        since: u64,
        /// Sequence number of the oldest retained event.
        oldest: u64,
    },
    /// The position is beyond the last event.
    #[error(
        "there is no event {since} yet: the last is {last}, the oldest kept {oldest}; subscribe without since"
    )]
    Future {
        since: u64,
        /// Sequence number of the last event.
        last: u64,
        /// Sequence number of the oldest retained event.
        oldest: u64,
    },
    /// The epoch is that of an earlier process, whose sequence numbers mean nothing here.
    #[error(
        "epoch {given:?} is over, this is {epoch:?}; the oldest event kept is {oldest}; subscribe without since"
    )]
    Epoch {
        given: String,
        epoch: String,
        /// Sequence number of the oldest retained event.
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

/// A flag that a reader fell too far behind, with a wake-up for the task that waits for it.
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

    /// Waits until the flag is set.
    pub(super) async fn wait(&self) {
        while !self.has_happened() {
            self.bell.notified().await;
        }
    }
}

/// The feed's side of a subscription.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) id: u64,
    pub(super) topics: Topics,
    pub(super) queue: mpsc::Sender<Arc<Event>>,
    pub(super) overrun: Arc<Overrun>,
}

impl Shared {
    /// A poisoned lock is safe to use: nothing between two changes of the state can panic.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Queues an event for every reader of its topic; returns how many readers were cut off because their queue was full.
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

    /// The retained events after `since`.
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
