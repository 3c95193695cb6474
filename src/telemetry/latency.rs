//! Histogram of response times that the program itself can read, in constant memory and while others write.
//!
//! The buckets of the Prometheus histograms are a factor of two apart. Those of this one are an eighth of an octave wide, so
//! the relative error of a quantile is at most 12.5 %.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Number of buckets per octave, as a power of two.
const BITS: u32 = 3;

/// Octaves of microseconds, up to half an hour; longer times are counted as that.
const OCTAVES: usize = 31;

const BUCKETS: usize = OCTAVES << BITS;

/// The histogram. Recording is one atomic addition.
#[derive(Debug)]
pub struct Latency(Box<[AtomicU64]>);

/// Content of the histogram at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts(Vec<u64>);

impl Default for Latency {
    fn default() -> Latency {
        Latency((0..BUCKETS).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Latency {
    pub fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0[bucket(micros)].fetch_add(1, Ordering::Relaxed);
    }

    pub fn counts(&self) -> Counts {
        let counts = self.0.iter();
        Counts(counts.map(|count| count.load(Ordering::Relaxed)).collect())
    }
}

impl Counts {
    /// The counts added since an earlier moment.
    #[must_use]
    pub fn since(&self, earlier: &Counts) -> Counts {
        let before = |at| earlier.0.get(at).copied().unwrap_or(0);
        let counts = self.0.iter().enumerate();
        Counts(
            counts
                .map(|(at, count)| count.saturating_sub(before(at)))
                .collect(),
        )
    }

    pub fn add(&mut self, other: &Counts) {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a += b);
    }

    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The quantile of the response times, rounded up to the end of its bucket; `None` without responses.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let total = self.total();
        let rank = (share.clamp(0.0, 1.0) * total as f64).ceil().max(1.0) as u64;
        let mut below = 0;
        let at = self.0.iter().position(|count| {
            below += count;
            below >= rank
        })?;
        (total > 0).then(|| Duration::from_micros(end(at)))
    }
}

/// The bucket of a time in microseconds: the leading bit gives the octave, the next bits the part of the octave.
fn bucket(micros: u64) -> usize {
    let least = 1 << BITS;
    if micros < least {
        return micros as usize;
    }
    let octave = micros.ilog2() - BITS;
    let part = (micros >> octave) as usize - least as usize;
    ((((octave + 1) as usize) << BITS) + part).min(BUCKETS - 1)
}

/// The last microsecond of a bucket.
fn end(bucket: usize) -> u64 {
    let least = 1u64 << BITS;
    let (octave, part) = ((bucket >> BITS) as u32, bucket as u64 & (least - 1));
    match octave {
        0 => part,
        octave => ((least + part + 1) << (octave - 1)) - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_meet_without_a_gap() {
        for micros in (0..5000).chain([1 << 20, (1 << 20) - 1, 123_456_789]) {
            let at = bucket(micros);
            let begin = at.checked_sub(1).map_or(0, |before| end(before) + 1);
            assert!((begin..=end(at)).contains(&micros), "{micros} in {at}");
            assert!(end(at) as f64 <= begin as f64 * 1.125 + 1.0, "{micros}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_of_what_came_since() {
        let latency = Latency::default();
        (0..50).for_each(|_| latency.record(Duration::from_secs(60)));
        let earlier = latency.counts();
        assert_eq!(earlier.since(&earlier).quantile(0.99), None);
        (0..98).for_each(|_| latency.record(Duration::from_millis(1)));
        (0..2).for_each(|_| latency.record(Duration::from_millis(800)));
        let counts = latency.counts().since(&earlier);
        assert_eq!(counts.total(), 100);
        let millis = |share| counts.quantile(share).unwrap().as_micros() as f64 / 1e3;
        assert!((1.0..1.125).contains(&millis(0.5)), "{}", millis(0.5));
        assert!((1.0..1.125).contains(&millis(0.98)));
        assert!((800.0..900.0).contains(&millis(0.99)));
        assert!((800.0..900.0).contains(&millis(1.0)));
        assert!((1.0..1.125).contains(&millis(0.0)));
    }
}
