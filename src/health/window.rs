//! What counters that only grow have grown by over the last while, in constant memory.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Moments kept of a window: its length is right to this part of it.
const MOMENTS: u32 = 30;

/// Counters at moments of the last while, oldest first.
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

    /// The counters as they were when the window began, or when it was first looked at.
    pub(super) fn begin(&mut self, now: Timestamp, counters: &T) -> T {
        // Where the clock was set back, what was noted later is of no use.
        while self.kept.back().is_some_and(|(time, _)| *time > now) {
            self.kept.pop_back();
        }
        let age = |time: &Timestamp| now.duration_since(*time);
        // One that is older than the window stays: what is inside began there.
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
        // Set back: it begins anew, and goes on.
        assert_eq!(window.begin(at(0), &1000), 1000);
        assert_eq!(window.begin(at(30), &1030), 1000);
        let begun = window.begin(at(130), &1130);
        assert_eq!(begun, 1030, "the last that is old enough");
    }
}
