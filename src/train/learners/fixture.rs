//! Test fixtures: a sample to fit on, and a progress that cancels.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::ingest;
use crate::model::Spec;
use crate::train::{Progress, Sample};

/// A `Progress` that reports a cancellation after a given number of checks.
pub struct StopsAfter {
    looks: usize,
    seen: AtomicUsize,
}

impl StopsAfter {
    pub fn looks(looks: usize) -> StopsAfter {
        let seen = AtomicUsize::new(0);
        StopsAfter { looks, seen }
    }

    /// Number of checks made so far.
    pub fn count(&self) -> usize {
        self.seen.load(Ordering::Relaxed)
    }
}

impl Progress for StopsAfter {
    fn begin(&self, _: usize) {}
    fn advance(&self, _: &str) {}
    fn stopped(&self) -> bool {
        self.seen.fetch_add(1, Ordering::Relaxed) >= self.looks
    }
}

/// Calls `check` with the features of the whole bundled table.
pub fn with_sample(check: impl FnOnce(&Sample<'_>)) {
    let spec = Spec::bundled();
    let table = ingest::bundled(&spec.schema).unwrap().table;
    let y = table.labels();
    let all: Vec<usize> = (0..y.len()).collect();
    let fitted = spec.recipe.fit(&table, &all, &y).unwrap();
    check(&Sample::new(&fitted.matrix, fitted.recipe.width(), &y, 3));
}
