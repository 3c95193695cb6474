//! A line that comes again and again is written at growing intervals, with how often it was held back in between.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// After its first writing a line is held back so long; after each further one twice as long,
const FIRST: SignedDuration = SignedDuration::from_secs(1);

/// and at most so long. A line that stays away for longer than this after its interval is new again.
const LONGEST: SignedDuration = SignedDuration::from_mins(1);

/// Lines remembered at once; more are written as they come.
const MOST_LINES: usize = 256;

/// A longer line is written as it comes.
const MOST_BYTES: usize = 4096;

/// What was written lately.
#[derive(Debug, Default)]
pub(super) struct Repeats(HashMap<Box<[u8]>, Last>);

/// When a line was written.
#[derive(Debug)]
struct Last {
    at: Timestamp,
    interval: SignedDuration,
    held: u64,
}

/// A line that was held back and is to be written, and how often beside that it was held back since it last was.
pub(super) type Due = (Box<[u8]>, u64);

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is to be written; it was held back so often since it last was.
    Written(u64),
    /// It is held back, so often by now.
    Held(u64),
}

impl Repeats {
    /// Decides on a line that comes now.
    pub fn take(&mut self, line: &[u8], now: Timestamp) -> Taken {
        if let Some(written) = self.0.get_mut(line) {
            if written.is_over(now) {
                *written = Last::first(now);
                return Taken::Written(0);
            }
            if (written.at..written.due()).contains(&now) {
                written.held += 1;
                return Taken::Held(written.held);
            }
            return Taken::Written(written.again(now));
        }
        if self.0.len() >= MOST_LINES {
            self.0.retain(|_, written| !written.is_over(now));
        }
        if self.0.len() < MOST_LINES && line.len() <= MOST_BYTES {
            self.0.insert(line.into(), Last::first(now));
        }
        Taken::Written(0)
    }

    /// The lines whose interval ended with something held back.
    pub fn due(&mut self, now: Timestamp) -> Vec<Due> {
        let held = self.0.iter_mut().filter(|(_, written)| written.held > 0);
        held.filter(|(_, written)| now >= written.due() || now < written.at)
            .map(|(line, written)| (line.clone(), written.again(now) - 1))
            .collect()
    }

    /// How long until there is one.
    pub fn wait(&self, now: Timestamp) -> Option<Duration> {
        let held = self.0.values().filter(|written| written.held > 0);
        let left = held.map(|written| now.duration_until(written.due()));
        left.min()
            .map(|left| Duration::try_from(left.min(LONGEST)).unwrap_or_default())
    }

    /// Everything that is held back: the process ends.
    pub fn rest(&mut self) -> Vec<Due> {
        let all = self.0.drain().filter(|(_, written)| written.held > 0);
        all.map(|(line, written)| (line, written.held - 1))
            .collect()
    }
}

impl Last {
    fn first(now: Timestamp) -> Last {
        Last {
            at: now,
            interval: FIRST,
            held: 0,
        }
    }

    fn again(&mut self, now: Timestamp) -> u64 {
        self.at = now;
        self.interval = (self.interval * 2).min(LONGEST);
        std::mem::take(&mut self.held)
    }

    fn due(&self) -> Timestamp {
        self.at
            .saturating_add(self.interval)
            .unwrap_or(Timestamp::MAX)
    }

    /// Whether it stayed away for so long that it is forgotten; also where the clock was put back.
    fn is_over(&self, now: Timestamp) -> bool {
        let end = self.due().saturating_add(LONGEST).unwrap_or(Timestamp::MAX);
        self.held == 0 && (now >= end || now < self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::Taken::{Held, Written};
    use super::*;
    use crate::clock::{Clock, Manual};

    const LINE: &[u8] = b"WARN store: a commit failed\n";

    fn clock() -> Manual {
        Manual::new("2026-01-01T00:00:00Z".parse().unwrap())
    }

    #[test]
    fn b5_a_storm_of_one_line_is_written_at_growing_intervals() {
        let (clock, mut repeats) = (clock(), Repeats::default());
        let start = clock.now();
        let mut written = Vec::new();
        // Ten times a second for five minutes.
        for _ in 0..3000 {
            let now = clock.now();
            let at = (now - start).as_secs();
            written.extend(repeats.due(now).into_iter().map(|(line, held)| {
                assert_eq!(&*line, LINE);
                (at, held)
            }));
            if let Written(held) = repeats.take(LINE, now) {
                written.push((at, held));
            }
            clock.advance(Duration::from_millis(100));
        }
        let expected = [
            (0, 0),
            (1, 8),
            (3, 19),
            (7, 39),
            (15, 79),
            (31, 159),
            (63, 319),
            (123, 599),
            (183, 599),
            (243, 599),
        ];
        assert_eq!(written, expected);
        let rest = repeats.rest();
        written.push((300, rest[0].1));
        let held: u64 = written.iter().map(|(_, held)| held).sum();
        let all = written.len() as u64 + held;
        assert_eq!(all, 3000, "every one is written or counted");
    }

    #[test]
    fn b5_what_was_held_back_is_told_though_the_line_stays_away() {
        let (clock, mut repeats) = (clock(), Repeats::default());
        assert_eq!(repeats.take(LINE, clock.now()), Written(0));
        assert_eq!(repeats.wait(clock.now()), None, "nothing is held back");
        assert_eq!(repeats.take(LINE, clock.now()), Held(1));
        assert_eq!(repeats.take(b"another\n", clock.now()), Written(0));
        clock.advance(Duration::from_millis(400));
        assert_eq!(repeats.wait(clock.now()), Some(Duration::from_millis(600)));
        assert!(repeats.due(clock.now()).is_empty());
        clock.advance(Duration::from_millis(600));
        assert_eq!(repeats.due(clock.now()), [(LINE.into(), 0)]);
        assert_eq!(repeats.wait(clock.now()), None);
        // Two seconds from then on it is held back again.
        clock.advance(Duration::from_millis(1999));
        assert_eq!(repeats.take(LINE, clock.now()), Held(1));
        clock.advance(Duration::from_millis(1));
        assert_eq!(repeats.take(LINE, clock.now()), Written(1));
    }

    #[test]
    fn b5_a_line_that_stayed_away_is_new_again() {
        let (clock, mut repeats) = (clock(), Repeats::default());
        let mut take = |after: u64| {
            clock.advance(Duration::from_secs(after));
            repeats.take(LINE, clock.now())
        };
        assert_eq!([take(0), take(1), take(2)], [Written(0); 3]);
        assert_eq!(take(3), Held(1), "the interval is four seconds by now");
        assert_eq!(take(1), Written(1));
        assert_eq!(take(8 + 60), Written(0));
        assert_eq!([take(1), take(1)], [Written(0), Held(1)], "as at first");
    }

    #[test]
    fn b5_a_clock_that_is_put_back_holds_back_nothing_for_long() {
        let (clock, mut repeats) = (clock(), Repeats::default());
        repeats.take(LINE, clock.now());
        repeats.take(LINE, clock.now());
        clock.set("2025-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(repeats.due(clock.now()), [(LINE.into(), 0)]);
        repeats.take(LINE, clock.now());
        clock.set("2024-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(repeats.take(LINE, clock.now()), Written(1));
        assert_eq!(repeats.take(LINE, clock.now()), Held(1));
        clock.set("2000-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(repeats.wait(clock.now()), Some(Duration::from_secs(60)));
    }

    #[test]
    fn b5_what_is_remembered_is_bounded() {
        let (clock, mut repeats) = (clock(), Repeats::default());
        for n in 0..2 * MOST_LINES {
            let line = format!("line {n}\n");
            assert_eq!(repeats.take(line.as_bytes(), clock.now()), Written(0));
        }
        assert_eq!(repeats.0.len(), MOST_LINES);
        clock.advance(Duration::from_secs(3600));
        for _ in 0..2 {
            let long = vec![b'x'; MOST_BYTES + 1];
            assert_eq!(repeats.take(&long, clock.now()), Written(0));
        }
        assert_eq!(repeats.take(b"new\n", clock.now()), Written(0));
        assert_eq!(repeats.0.len(), 1, "what is over makes room");
    }
}
