//! How far a place is behind the registry whose champions are published to it.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

/// Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Mutex<Option<Behind>>>);

/// The place lacks the current champion, or nothing is known of it yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Behind {
    pub since: Timestamp,
    /// Why the last attempt failed; `None` before the first one has ended.
    pub error: Option<String>,
}

impl Progress {
    /// `None` if the place has the current champion, or nothing is published.
    pub fn behind(&self) -> Option<Behind> {
        self.lock().clone()
    }

    /// Notes that the place may lack the champion from `now` on, unless it does already.
    pub(super) fn changed(&self, now: Timestamp) {
        self.lock().get_or_insert(Behind {
            since: now,
            error: None,
        });
    }

    /// Notes how an attempt to publish ended.
    pub(super) fn ended(&self, error: Option<String>) {
        let mut behind = self.lock();
        match (error, &mut *behind) {
            (None, behind) => *behind = None,
            (error, Some(behind)) => behind.error = error,
            (Some(_), None) => {} // an attempt follows a change
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Behind>> {
        // No code that holds the lock can panic halfway through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_behind_from_the_first_change_that_it_lacks() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let progress = Progress::default();
        assert_eq!(progress.behind(), None);
        progress.changed(at(1));
        progress.ended(Some("no room".into()));
        progress.changed(at(5));
        let behind = progress.behind().unwrap();
        assert_eq!(
            (behind.since, behind.error.as_deref()),
            (at(1), Some("no room"))
        );
        progress.ended(None);
        assert_eq!(progress.behind(), None);
        progress.changed(at(9));
        let error = None;
        assert_eq!(
            progress.behind(),
            Some(Behind {
                since: at(9),
                error
            })
        );
    }
}
