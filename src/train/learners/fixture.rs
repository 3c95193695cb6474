//! A sample to learn from, and a training that is stopped.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::ingest;
use crate::model::Spec;
use crate::train::{Progress, Sample};

/// Is stopped once it has been checked so many times.
pub struct StopsAfter {
    looks: usize,
    seen: AtomicUsize,
}

impl StopsAfter {
    pub fn looks(looks: usize) -> StopsAfter {
        let seen = AtomicUsize::new(0);
        StopsAfter { looks, seen }
    }

    /// How often it was checked.
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

/// Features of the whole bundled table.
pub fn with_sample(check: impl FnOnce(&Sample<'_>)) {
    let spec = Spec::bundled();
    let table = ingest::bundled(&spec.schema).unwrap().table;
    let y = table.labels();
    let all: Vec<usize> = (0..y.len()).collect();
    let fitted = spec.recipe.fit(&table, &all, &y).unwrap();
    check(&Sample {
        x: &fitted.matrix,
        width: fitted.recipe.width(),
        y: &y,
        seed: 3,
    });
}
