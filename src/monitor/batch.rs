//! A batch (a large request) is judged as a whole, by one verdict on a seeded sample of all its rows.
//!
//! Windows of consecutive rows would reflect the order of a file more than its content: in a sorted file, every window
//! differs from the whole. The sample depends on the number of rows alone, so the same batch gives the same sample.

use jiff::Timestamp;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

use super::collect::Collector;
use super::slice::Slice;
use super::stream::{Seen, Window};
use super::verdict::Span;
use crate::schema::Schema;

/// Maximum rows of a sample, unless a window is larger. A thousand rows show a shift of a tenth of a standard deviation.
const SAMPLE: u64 = 1000;

/// Minimum share of the sample that must arrive for a verdict: an overloaded store may have dropped some rows.
const PRESENT: f64 = 0.9;

/// A batch whose rows are still arriving.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    id: u32,
    rows: u64,
    /// Whether the batch is judged; if not, its rows are skipped.
    judged: bool,
    /// Positions of the sampled rows within the batch, ascending.
    places: Vec<u64>,
    /// Number of sampled positions that have passed, whether or not their row arrived.
    passed: usize,
    /// One part per stream: all rows, then the slices.
    parts: Vec<Part>,
    span: Span,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Part {
    slice: Option<Slice>,
    rows: Collector,
    /// The sampled rows of the last quarter of the batch.
    tail: Collector,
}

impl Batch {
    /// A batch of `rows` rows of request `id`, whose first row to arrive is at position `first`. A batch whose first sampled
    /// row has already passed is not judged: the remaining rows are no sample of the whole.
    pub fn new<'a>(
        (id, rows, first): (u32, u64, u64),
        window: u64,
        schema: &Schema,
        streams: impl Iterator<Item = &'a Option<Slice>>,
    ) -> Batch {
        let places = places(rows, SAMPLE.max(window));
        let part = |slice: &Option<Slice>| Part {
            slice: slice.clone(),
            rows: Collector::new(schema, slice.is_none()),
            tail: Collector::new(schema, false),
        };
        Batch {
            id,
            rows,
            judged: places.first().is_some_and(|place| first <= *place),
            places,
            passed: 0,
            parts: streams.map(part).collect(),
            span: Span::default(),
        }
    }

    /// Whether the batch belongs to this request.
    pub fn is(&self, id: u32, rows: u64) -> bool {
        (self.id, self.rows) == (id, rows)
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    pub fn is_judged(&self) -> bool {
        self.judged
    }

    /// Stops judging the batch and skips its remaining rows.
    pub fn pass_by(&mut self) {
        self.judged = false;
        self.passed = 0;
        self.places.clear();
        self.parts.clear();
    }

    /// Whether the row at this position belongs to the sample. Must be called with ascending positions.
    pub fn wants(&mut self, place: u64) -> bool {
        let passed = self.places[self.passed..].partition_point(|p| *p < place);
        self.passed += passed;
        self.judged && self.places.get(self.passed) == Some(&place)
    }

    /// Whether no later position belongs to the sample.
    pub fn is_complete(&self, place: u64) -> bool {
        self.places.last().is_none_or(|last| *last <= place)
    }

    /// Adds a sampled row to every part that it belongs to.
    pub fn take(&mut self, place: u64, schema: &Schema, seen: &Seen<'_>) {
        if self.parts.iter().all(|part| part.rows.rows() == 0) {
            self.span.from = seen.seq;
        }
        self.span.to = seen.seq;
        for part in &mut self.parts {
            if part
                .slice
                .as_ref()
                .is_some_and(|s| !s.has(schema, seen.row))
            {
                continue;
            }
            let score = part.slice.is_none().then_some(seen.score);
            part.rows.push(seen.row, score);
            if place >= self.rows - self.rows / 4 {
                part.tail.push(seen.row, None);
            }
        }
    }

    /// The windows to judge, each with the index of its stream: all sampled rows, and every slice with at least `window`
    /// rows. Empty if too much of the sample is missing.
    pub fn finish(&self, window: u64, time: Timestamp) -> Vec<(usize, Window)> {
        let all = self.parts.first().map_or(0, |part| part.rows.rows());
        if !self.judged || (all as f64) < PRESENT * self.places.len() as f64 {
            return Vec::new();
        }
        let parts = self.parts.iter().enumerate();
        let large = parts.filter(|(_, part)| part.slice.is_none() || part.rows.rows() >= window);
        let window = |part: &Part| Window {
            sample: part.rows.finish(),
            tail: part.tail.finish(),
            full: true,
            batch: Some(self.rows),
            span: self.span,
            time,
        };
        large.map(|(n, part)| (n, window(part))).collect()
    }
}

/// Positions of `sample` rows out of 0 … `rows` − 1, ascending, where every set of that size is equally likely; all of them
/// if there are no more.
fn places(rows: u64, sample: u64) -> Vec<u64> {
    let mut dice = Xoshiro256PlusPlus::seed_from_u64(rows);
    let mut places = Vec::new();
    // Knuth's algorithm S: each position is chosen with the remaining probability.
    for place in 0..rows {
        let wanted = sample.min(rows) - places.len() as u64;
        if dice.random_range(0..rows - place) < wanted {
            places.push(place);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_of_all_rows_and_always_the_same() {
        for (rows, sample, expected) in
            [(100, 1000, 100), (1000, 1000, 1000), (100_000, 1000, 1000)]
        {
            let found = places(rows, sample);
            assert_eq!(found.len(), expected);
            assert!(found.is_sorted_by(|a, b| a < b));
            assert_eq!(found, places(rows, sample));
        }
        // The sample is spread evenly: each tenth of the file holds about a tenth of it.
        let mut tenths = [0; 10];
        for place in places(100_000, 1000) {
            tenths[(place / 10_000) as usize] += 1;
        }
        assert!(tenths.iter().all(|n| (60..150).contains(n)), "{tenths:?}");
        assert_ne!(places(100_000, 1000), places(100_001, 1000));
    }
}
