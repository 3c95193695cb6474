//! Delay of labels: in windows of a fixed number of labels, and the time since the newest one.
//!
//! How many predictions still lack a label is known to the store alone. If the clock was set back, the delay counts as zero.

use std::num::NonZeroUsize;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stats::quantile::{median, quantile};

/// Tracks the delay of labels as they arrive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delay {
    size: NonZeroUsize,
    #[serde(rename = "truths")]
    labels: u64,
    /// Delays of the labels in the open window, in seconds.
    open: Vec<f64>,
    last: Option<Window>,
    /// Arrival time of the newest label, in milliseconds of Unix time.
    newest: Option<i64>,
}

/// Delays of consecutive labels, in seconds ≥ 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DelayWindow")]
pub struct Window {
    pub n: u64,
    /// Median delay.
    pub median: f64,
    /// 90th percentile of the delay.
    pub p90: f64,
    pub max: f64,
}

impl Delay {
    /// A tracker without labels, with windows of `size` labels.
    pub fn new(size: NonZeroUsize) -> Delay {
        Delay {
            size,
            labels: 0,
            open: Vec::new(),
            last: None,
            newest: None,
        }
    }

    /// Adds a label by the time of its prediction and its time of arrival. Returns the window that this label completes.
    pub fn update(&mut self, predicted: Timestamp, came: Timestamp) -> Option<Window> {
        self.labels += 1;
        self.newest = self.newest.max(Some(came.as_millisecond()));
        self.open.push(between(predicted, came).as_secs_f64());
        if self.open.len() < self.size.get() {
            return None;
        }
        self.last = Window::of(&self.open);
        self.open.clear();
        self.last
    }

    pub fn labels(&self) -> u64 {
        self.labels
    }

    pub fn last(&self) -> Option<Window> {
        self.last
    }

    /// The labels since the last full window.
    pub fn open(&self) -> Option<Window> {
        Window::of(&self.open)
    }

    /// Time since the newest label; `None` before the first.
    pub fn since(&self, now: Timestamp) -> Option<Duration> {
        let passed = now.as_millisecond().saturating_sub(self.newest?);
        Some(Duration::from_millis(u64::try_from(passed).unwrap_or(0)))
    }
}

impl Window {
    fn of(seconds: &[f64]) -> Option<Window> {
        let mut sorted = seconds.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        Some(Window {
            n: sorted.len() as u64,
            median: median(&sorted)?,
            p90: quantile(&sorted, 0.9)?,
            max: *sorted.last()?,
        })
    }
}

/// Duration from `from` to `to`, or zero if `to` is not later.
fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + seconds).unwrap()
    }

    fn delay(size: usize) -> Delay {
        Delay::new(NonZeroUsize::new(size).unwrap())
    }

    /// numpy 2.4.6: `np.quantile([3, 60, 7200, 5, 0], [0.5, 0.9, 1])`.
    #[test]
    fn a_window_has_median_p90_and_the_slowest() {
        let mut delay = delay(5);
        for seconds in [3, 60, 7200, 5] {
            assert_eq!(delay.update(at(0), at(seconds)), None);
        }
        assert_eq!(delay.open().unwrap().n, 4);
        let window = delay.update(at(0), at(0)).unwrap();
        let expected = Window {
            n: 5,
            median: 5.0,
            p90: 4344.0,
            max: 7200.0,
        };
        assert_eq!(window, expected);
        assert_eq!((delay.last(), delay.open()), (Some(expected), None));
        assert_eq!(delay.labels(), 5);
    }

    #[test]
    fn a_window_of_one_is_a_window() {
        let window = delay(1).update(at(0), at(2)).unwrap();
        assert_eq!(
            (window.n, window.median, window.p90, window.max),
            (1, 2.0, 2.0, 2.0)
        );
    }

    #[test]
    fn a_clock_that_went_back_makes_no_delay() {
        let mut delay = delay(2);
        assert_eq!(delay.since(at(0)), None);
        delay.update(at(10), at(0));
        assert_eq!(delay.open().unwrap().max, 0.0);
        assert_eq!(delay.since(at(-5)), Some(Duration::ZERO));
        assert_eq!(delay.since(at(30)), Some(Duration::from_secs(30)));
        // A label that arrives earlier does not replace the newest, and the extreme timestamps do not overflow.
        delay.update(Timestamp::MIN, Timestamp::MAX);
        delay.update(Timestamp::MAX, Timestamp::MIN);
        assert!(delay.since(Timestamp::MAX - 1.hour()).is_some());
        assert_eq!(delay.since(Timestamp::MAX), Some(Duration::ZERO));
    }

    #[test]
    fn it_is_taken_up_where_it_was_left() {
        let mut whole = delay(3);
        for i in 0..100 {
            let (predicted, came) = (at(i), at(i + i * i % 17));
            let stored = serde_json::to_string(&whole).unwrap();
            let mut again: Delay = serde_json::from_str(&stored).unwrap();
            assert_eq!(again.update(predicted, came), whole.update(predicted, came));
            assert_eq!(again, whole);
        }
    }
}
