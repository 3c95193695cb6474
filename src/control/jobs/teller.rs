//! Publishes a job's state to subscribers: every change of state, and its progress a few times per second.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::view::JobView;
use crate::store::feed::{Feed, Topic};

/// Minimum interval between two progress messages, short enough to appear continuous.
const PAUSE: Duration = Duration::from_millis(250);

/// The publisher of one job.
#[derive(Debug)]
pub(super) struct Teller {
    feed: Feed,
    last: Mutex<Option<Instant>>,
}

impl Teller {
    pub(super) fn new(feed: Feed) -> Teller {
        Teller {
            feed,
            last: Mutex::default(),
        }
    }

    /// Publishes a change. The view is taken under the lock, so the last message has the last state.
    pub(super) fn tell(&self, view: impl FnOnce() -> JobView) {
        let mut last = self.lock();
        *last = Some(Instant::now());
        self.feed.publish(Topic::Jobs, &view());
    }

    /// Publishes the progress, unless another message was published within the last [`PAUSE`].
    pub(super) fn tell_progress(&self, view: impl FnOnce() -> JobView) {
        let mut last = self.lock();
        if last.is_none_or(|last| last.elapsed() >= PAUSE) {
            *last = Some(Instant::now());
            self.feed.publish(Topic::Jobs, &view());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        // The lock only guards assignments, so the value is consistent even if a holder panicked.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
