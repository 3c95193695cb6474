//! The live model: the champion as loaded in memory, behind one atomic pointer. A request keeps the snapshot that it loaded
//! to its end, even if another model is swapped in meanwhile.

use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};
use jiff::Timestamp;

use super::champion::Champion;
use crate::registry::Version;

/// A champion with its version, swapped together so that they always match.
#[derive(Debug)]
pub struct Snapshot {
    /// The version as named in responses.
    pub version: Version,
    /// The loaded model of that version.
    pub model: Arc<Champion>,
    /// Time at which the model became live.
    pub since: Timestamp,
}

/// A handle on the live model; empty until the first one is loaded. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct LiveModel(Arc<ArcSwapOption<Snapshot>>);

impl LiveModel {
    /// The current snapshot, for the duration of one request. Cheaper than [`snapshot`](Self::snapshot), but must not be
    /// held across an `.await`: each thread has only a few of the cheap slots.
    pub fn load(&self) -> Guard<Option<Arc<Snapshot>>> {
        self.0.load()
    }

    /// The current snapshot, which may be held for any length of time.
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        self.0.load_full()
    }

    pub fn version(&self) -> Option<Version> {
        self.load().as_ref().map(|live| live.version.clone())
    }

    /// Swaps in a champion and returns the previous snapshot; `None` for the first champion.
    pub fn swap(
        &self,
        version: Version,
        model: Arc<Champion>,
        since: Timestamp,
    ) -> Option<Arc<Snapshot>> {
        self.0.swap(Some(Arc::new(Snapshot {
            version,
            model,
            since,
        })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, System};
    use crate::live::cost::Cost;
    use crate::model::Model;

    const MODEL: &[u8] = include_bytes!("../../tests/fixtures/revision-2.model");

    fn version(number: u64) -> Version {
        format!("model@{number}").parse().unwrap()
    }

    fn champion(number: u64) -> Arc<Champion> {
        let model = Model::from_bytes(MODEL).unwrap();
        Arc::new(Champion {
            name: version(number).to_string().into(),
            trained: None,
            cost: Cost::of(&model),
            model,
        })
    }

    #[test]
    fn a_request_keeps_the_snapshot_it_loaded() {
        let now = System.now();
        let live = LiveModel::default();
        assert!(live.load().is_none());
        assert!(live.swap(version(1), champion(1), now).is_none());
        let (handle, held) = (live.clone(), live.load());
        let before = handle.swap(version(2), champion(2), now).unwrap();
        let held = held.as_ref().unwrap();
        assert_eq!((before.version.number(), held.version.number()), (1, 1));
        assert_eq!(&*held.model.name, "model@1");
        assert_eq!(live.version(), Some(version(2)));
    }

    #[test]
    fn version_and_model_are_never_mixed() {
        let now = System.now();
        let champions = [champion(1), champion(2)];
        let put = |live: &LiveModel, i: usize| {
            live.swap(version(i as u64 + 1), champions[i].clone(), now)
        };
        let live = LiveModel::default();
        put(&live, 0);
        std::thread::scope(|scope| {
            scope.spawn(|| (1..5000).for_each(|i| drop(put(&live, i % 2))));
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..5000 {
                        let snapshot = live.load();
                        let snapshot = snapshot.as_ref().unwrap();
                        assert_eq!(snapshot.version.to_string(), *snapshot.model.name);
                    }
                });
            }
        });
    }
}
