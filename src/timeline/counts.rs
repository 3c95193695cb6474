//! Counts of events over time, in intervals that widen so that their number stays bounded.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// Intervals kept at most.
const MOST: usize = 240;
/// Width of the first intervals in seconds.
const NARROWEST: i64 = 10;

/// Events of one interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bucket {
    pub predictions: u64,
    /// Sum of the predicted probabilities.
    pub probability: f64,
    pub rows: u64,
    pub labels: u64,
    pub quarantined: u64,
}

impl Bucket {
    fn add(&mut self, other: Bucket) {
        self.predictions += other.predictions;
        self.probability += other.probability;
        self.rows += other.rows;
        self.labels += other.labels;
        self.quarantined += other.quarantined;
    }
}

/// Counts by interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Counts {
    width: i64,
    buckets: BTreeMap<i64, Bucket>,
}

impl Default for Counts {
    fn default() -> Counts {
        Counts {
            width: NARROWEST,
            buckets: BTreeMap::new(),
        }
    }
}

impl Counts {
    /// Width of the intervals in seconds.
    pub fn width(&self) -> i64 {
        self.width
    }

    /// The begin of each interval with events, in seconds since 1970, and its counts.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &Bucket)> {
        let width = self.width;
        self.buckets
            .iter()
            .map(move |(n, bucket)| (n * width, bucket))
    }

    /// The interval of a time. Intervals between the first and the last that are empty count as kept.
    pub fn at(&mut self, time: Timestamp) -> &mut Bucket {
        let second = time.as_second();
        while self.span_with(second.div_euclid(self.width)) > MOST as i64 {
            self.widen();
        }
        let place = second.div_euclid(self.width);
        self.buckets.entry(place).or_default()
    }

    pub fn prediction(&mut self, time: Timestamp, probability: f64) {
        let bucket = self.at(time);
        bucket.predictions += 1;
        bucket.probability += probability;
    }

    fn span_with(&self, place: i64) -> i64 {
        let first = self.buckets.keys().next().copied().unwrap_or(place);
        let last = self.buckets.keys().next_back().copied().unwrap_or(place);
        last.max(place) - first.min(place) + 1
    }

    fn widen(&mut self) {
        let narrow = std::mem::take(&mut self.buckets);
        for (place, bucket) in narrow {
            self.buckets
                .entry(place.div_euclid(2))
                .or_default()
                .add(bucket);
        }
        self.width *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_widen_and_nothing_is_lost() {
        let mut counts = Counts::default();
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        for second in 0..100_000 {
            counts.prediction(at(1_700_000_000 + second), 0.25);
        }
        assert_eq!(counts.width(), 640); // 100,000 s in at most 240 intervals of 10 · 2ⁿ s
        assert!(counts.iter().count() <= MOST);
        let all = counts
            .iter()
            .fold(Bucket::default(), |mut sum, (_, bucket)| {
                sum.add(*bucket);
                sum
            });
        assert_eq!((all.predictions, all.probability), (100_000, 25_000.0));
        assert!(counts.iter().all(|(begin, _)| begin % 640 == 0));
        // A clock that was set back by years does not cost memory either.
        counts.at(at(0)).rows += 1;
        assert!(counts.iter().count() <= MOST);
    }
}
