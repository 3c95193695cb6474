//! The model that answers: one pointer, loaded once per request and swapped in one step. A request that loaded a snapshot
//! answers with it to the end, whatever is swapped meanwhile.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use jiff::Timestamp;

use super::Version;

/// A model and the name it answers under; they are only ever seen together.
#[derive(Debug)]
pub struct Snapshot<M> {
    /// The version every answer names.
    pub version: Version,
    /// The model.
    pub model: Arc<M>,
    /// Since when it answers.
    pub since: Timestamp,
}

/// The live snapshot. Clones share it.
#[derive(Debug)]
pub struct Live<M>(Arc<ArcSwap<Snapshot<M>>>);

impl<M> Live<M> {
    /// Goes live with a model that was checked and warmed up.
    pub fn new(version: Version, model: Arc<M>, since: Timestamp) -> Self {
        Live(Arc::new(ArcSwap::from_pointee(Snapshot {
            version,
            model,
            since,
        })))
    }

    /// The snapshot of this moment, for the length of one request. Cheaper than [`snapshot`](Self::snapshot), but not to
    /// be held across an `.await`: each thread has few of the cheap slots.
    pub fn load(&self) -> Guard<Arc<Snapshot<M>>> {
        self.0.load()
    }

    /// The snapshot of this moment, to keep as long as one likes.
    pub fn snapshot(&self) -> Arc<Snapshot<M>> {
        self.0.load_full()
    }

    /// Puts another model live and returns the snapshot that was.
    pub fn swap(&self, version: Version, model: Arc<M>, since: Timestamp) -> Arc<Snapshot<M>> {
        self.0.swap(Arc::new(Snapshot {
            version,
            model,
            since,
        }))
    }
}

impl<M> Clone for Live<M> {
    fn clone(&self) -> Self {
        Live(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{now, version};
    use super::*;

    #[test]
    fn a_request_keeps_the_snapshot_it_loaded() {
        let live = Live::new(version(1), Arc::new(1u64), now());
        let (handle, held) = (live.clone(), live.load());
        let before = handle.swap(version(2), Arc::new(2), now());
        assert_eq!(
            (before.version.number(), held.version.number(), *held.model),
            (1, 1, 1)
        );
        assert_eq!(live.snapshot().version, version(2));
    }

    #[test]
    fn version_and_model_are_never_mixed() {
        let live = Live::new(version(1), Arc::new(1u64), now());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                (2..2000)
                    .for_each(|number| drop(live.swap(version(number), Arc::new(number), now())))
            });
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..5000 {
                        let snapshot = live.load();
                        assert_eq!(snapshot.version.number(), *snapshot.model);
                    }
                });
            }
        });
    }
}
