//! Writes a repeated log line at growing intervals, with the number of repeats that were suppressed in between.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Interval after the first writing of a line, in which repeats are suppressed; it doubles after each further writing.
const FIRST: SignedDuration = SignedDuration::from_secs(1);

/// Maximum interval. A line that does not repeat for longer than this after its interval counts as new.
const LONGEST: SignedDuration = SignedDuration::from_mins(1);

/// Maximum number of tracked lines; further ones are always written.
const MOST_LINES: usize = 256;

/// Maximum length of a tracked line in bytes; longer ones are always written.
const MOST_BYTES: usize = 4096;

/// Lines that were written recently.
#[derive(Debug, Default)]
pub(super) struct Repeats(HashMap<Box<[u8]>, Last>);

/// The last writing of a line.
#[derive(Debug)]
struct Last {
    at: Timestamp,
    interval: SignedDuration,
    held: u64,
}

/// A suppressed line that is due, and how many more repeats of it were suppressed since it was last written.
pub(super) type Due = (Box<[u8]>, u64);

/// Decision about a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Write it; the number of repeats suppressed since it was last written.
    Written(u64),
    /// Suppress it; the number of repeats suppressed so far.
    Held(u64),
}

impl Repeats {
    /// Decides about a line that is logged at `now`.
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

    /// Suppressed lines whose interval has ended.
    pub fn due(&mut self, now: Timestamp) -> Vec<Due> {
        let held = self.0.iter_mut().filter(|(_, written)| written.held > 0);
        held.filter(|(_, written)| now >= written.due() || now < written.at)
            .map(|(line, written)| (line.clone(), written.again(now) - 1))
            .collect()
    }

    /// Time until the next suppressed line is due; `None` if there is none.
    pub fn wait(&self, now: Timestamp) -> Option<Duration> {
        let held = self.0.values().filter(|written| written.held > 0);
        let left = held.map(|written| now.duration_until(written.due()));
        left.min()
            .map(|left| Duration::try_from(left.min(LONGEST)).unwrap_or_default())
    }

    /// All suppressed lines, for the end of the process.
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

    /// Whether the line has not repeated for so long that it is forgotten; also if the clock was set back.
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
        // The line is logged ten times a second for five minutes.
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
        // The interval is now two seconds, in which repeats are suppressed again.
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
