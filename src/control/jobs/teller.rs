//! Tells subscribers how a job stands: every change of its state, and how far it is a few times a second.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::view::JobView;
use crate::store::feed::{Feed, Topic};

/// Between two words on how far a job is: as often as an eye follows.
const PAUSE: Duration = Duration::from_millis(250);

/// The teller of one job.
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

    /// Tells a change. The view is taken while nobody else tells, so that what is told last is the last state.
    pub(super) fn tell(&self, view: impl FnOnce() -> JobView) {
        let mut last = self.lock();
        *last = Some(Instant::now());
        self.feed.publish(Topic::Jobs, &view());
    }

    /// Tells how far it is, unless something was told a moment ago.
    pub(super) fn tell_progress(&self, view: impl FnOnce() -> JobView) {
        let mut last = self.lock();
        if last.is_none_or(|last| last.elapsed() >= PAUSE) {
            *last = Some(Instant::now());
            self.feed.publish(Topic::Jobs, &view());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        // Assignments alone happen under it that matter.
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
