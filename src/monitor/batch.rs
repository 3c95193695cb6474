//! A large request is judged as a whole: by one verdict on a seeded sample of all its rows.
//!
//! Windows of neighbours would say more about the order of a file than about its rows: of one that is sorted, each window is
//! unlike the whole. The sample depends on the number of rows alone, so that the same batch gives the same sample.

use jiff::Timestamp;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

use super::collect::Collector;
use super::slice::Slice;
use super::stream::{Seen, Window};
use super::verdict::Span;
use crate::schema::Schema;

/// Rows of a sample, at most; a window may be larger. A thousand show a shift of a tenth of a standard deviation.
const SAMPLE: u64 = 1000;

/// Share of a sample that has to be there: an overloaded store may have dropped some.
const PRESENT: f64 = 0.9;

/// A batch that is being seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    id: u32,
    /// How many rows it has.
    rows: u64,
    /// Whether it is judged; else its rows pass by.
    judged: bool,
    /// Places of the sample, ascending.
    places: Vec<u64>,
    /// How many of them have passed, seen or not.
    passed: usize,
    /// One a stream: all rows, then the slices.
    parts: Vec<Part>,
    span: Span,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Part {
    slice: Option<Slice>,
    rows: Collector,
    /// Those of the last quarter of the batch.
    tail: Collector,
}

impl Batch {
    /// A batch of `rows` rows of request `id`, from now on seen at place `first`. One that is not seen from its beginning is
    /// not judged: what is left is no sample of all.
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

    /// Whether it is of this request.
    pub fn is(&self, id: u32, rows: u64) -> bool {
        (self.id, self.rows) == (id, rows)
    }

    /// How many rows it has.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether it is judged.
    pub fn is_judged(&self) -> bool {
        self.judged
    }

    /// Lets its rows, or those that are left, pass by.
    pub fn pass_by(&mut self) {
        self.judged = false;
        self.passed = 0;
        self.places.clear();
        self.parts.clear();
    }

    /// Whether the row at a place belongs to the sample. Calls come in ascending order of places.
    pub fn wants(&mut self, place: u64) -> bool {
        let passed = self.places[self.passed..].partition_point(|p| *p < place);
        self.passed += passed;
        self.judged && self.places.get(self.passed) == Some(&place)
    }

    /// Whether no row at a place or after it belongs to the sample.
    pub fn is_complete(&self, place: u64) -> bool {
        self.places.last().is_none_or(|last| *last <= place)
    }

    /// Takes in a row of the sample.
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

    /// What is to be looked at, by stream: all rows of the sample, and the slices that have a window's rows in it. None where
    /// too much of the sample is missing.
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

/// `sample` places of 0 … `rows` − 1, ascending: each set of them is as likely as any other. All of them where there are no more.
fn places(rows: u64, sample: u64) -> Vec<u64> {
    let mut dice = Xoshiro256PlusPlus::seed_from_u64(rows);
    let mut places = Vec::new();
    // Knuth's algorithm S: each place with the chance that is left.
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
        // Evenly spread: of a hundredth of the rows, each tenth of the file has a tenth.
        let mut tenths = [0; 10];
        for place in places(100_000, 1000) {
            tenths[(place / 10_000) as usize] += 1;
        }
        assert!(tenths.iter().all(|n| (60..150).contains(n)), "{tenths:?}");
        assert_ne!(places(100_000, 1000), places(100_001, 1000));
    }
}
