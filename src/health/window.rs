//! Growth of counters over a recent period, in constant memory.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Snapshots per period, which bounds the error of its length to 1/30.
const MOMENTS: u32 = 30;

/// Snapshots of the counters over the period, oldest first.
#[derive(Debug)]
pub(super) struct Window<T> {
    over: SignedDuration,
    step: SignedDuration,
    kept: VecDeque<(Timestamp, T)>,
}

impl<T: Clone> Window<T> {
    pub(super) fn new(over: Duration) -> Window<T> {
        let signed = |time| SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
        Window {
            over: signed(over),
            step: signed(over / MOMENTS),
            kept: VecDeque::new(),
        }
    }

    /// The counters at the beginning of the period, or at the first call if that is later.
    pub(super) fn begin(&mut self, now: Timestamp, counters: &T) -> T {
        // If the clock was set back, later snapshots are dropped.
        while self.kept.back().is_some_and(|(time, _)| *time > now) {
            self.kept.pop_back();
        }
        let age = |time: &Timestamp| now.duration_since(*time);
        // The newest snapshot older than the period is retained as its beginning.
        while self
            .kept
            .get(1)
            .is_some_and(|(time, _)| age(time) >= self.over)
        {
            self.kept.pop_front();
        }
        if self
            .kept
            .back()
            .is_none_or(|(time, _)| age(time) >= self.step)
        {
            self.kept.push_back((now, counters.clone()));
        }
        self.kept
            .front()
            .map_or_else(|| counters.clone(), |(_, counters)| counters.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_begins_where_it_should_and_stays_small() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut window = Window::new(Duration::from_secs(60));
        for second in 0..1000i64 {
            let begin = window.begin(at(second), &second);
            let age = second - begin;
            assert!(age <= 62 && (age >= 58 || begin == 0), "{second}: {begin}");
            assert!(window.kept.len() <= 33, "{}", window.kept.len());
        }
        // The clock was set back: the later snapshot is dropped, and the window continues.
        assert_eq!(window.begin(at(0), &1000), 1000);
        assert_eq!(window.begin(at(30), &1030), 1000);
        let begun = window.begin(at(130), &1130);
        assert_eq!(begun, 1030, "the last that is old enough");
    }
}
