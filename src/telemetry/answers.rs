//! Service level: how long predictions took over the last hours, and how many failed or were slow, in constant memory.
//!
//! Responses are counted in cumulative counters, without a lock. A task passes the time every few seconds; what was added
//! during a minute is then kept as an entry of that minute.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::latency::{Counts, Latency};

/// Minutes that are kept: four hours. A minute takes about 2 kB, and one without a response takes nothing.
pub const MINUTES: i64 = 240;

/// From this status on, the server has failed.
const FAILED: u16 = 500;

/// Responses to requests for predictions.
#[derive(Debug)]
pub struct Answers {
    took: Latency,
    failed: AtomicU64,
    slow: AtomicU64,
    /// The longest time of a response that is not slow.
    objective: Duration,
    ring: Mutex<Ring>,
}

#[derive(Debug, Default)]
struct Ring {
    /// The minute since 1970 that is being counted; `None` before the first look at the clock.
    open: Option<i64>,
    /// The counters when it began.
    before: Tally,
    /// Earlier minutes with responses, oldest first.
    minutes: VecDeque<Minute>,
}

/// What was counted in some interval.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub took: Counts,
    /// Responses by which the server failed.
    pub failed: u64,
    /// Other responses that took longer than the objective.
    pub slow: u64,
}

/// The responses of one minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minute {
    /// Minutes since 1970.
    pub begin: i64,
    pub tally: Tally,
}

impl Tally {
    fn since(&self, earlier: &Tally) -> Tally {
        Tally {
            took: self.took.since(&earlier.took),
            failed: self.failed.saturating_sub(earlier.failed),
            slow: self.slow.saturating_sub(earlier.slow),
        }
    }

    pub fn add(&mut self, other: &Tally) {
        self.took.add(&other.took);
        self.failed += other.failed;
        self.slow += other.slow;
    }
}

impl Default for Answers {
    fn default() -> Answers {
        Answers::within(Duration::MAX)
    }
}

impl Answers {
    /// Counts a response as slow from this time on.
    pub fn within(objective: Duration) -> Answers {
        Answers {
            took: Latency::default(),
            failed: AtomicU64::new(0),
            slow: AtomicU64::new(0),
            objective,
            ring: Mutex::default(),
        }
    }

    pub fn objective(&self) -> Duration {
        self.objective
    }

    /// Counts a response by its HTTP status.
    pub fn record(&self, status: u16, took: Duration) {
        self.took.record(took);
        if status >= FAILED {
            self.failed.fetch_add(1, Ordering::Relaxed);
        } else if took > self.objective {
            self.slow.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Closes the minutes that have passed.
    pub fn turn(&self, now: Timestamp) {
        drop(self.turned(now));
    }

    /// The last minutes with responses, oldest first, up to now.
    pub fn minutes(&self, now: Timestamp) -> Vec<Minute> {
        let ring = self.turned(now);
        let mut minutes: Vec<Minute> = ring.minutes.iter().cloned().collect();
        let tally = self.tally().since(&ring.before);
        minutes.extend(ring.open.and_then(|begin| minute(begin, tally)));
        minutes
    }

    fn turned(&self, now: Timestamp) -> MutexGuard<'_, Ring> {
        // Every change of the ring is whole before the lock is released, even if a holder panicked.
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let current = now.as_second().div_euclid(60);
        let open = *ring.open.get_or_insert(current);
        if open != current {
            let tally = self.tally();
            let closed = minute(open, tally.since(&ring.before));
            ring.minutes.extend(closed);
            // A clock that was set back leaves no minute of the future.
            let kept = current - MINUTES + 1..current;
            ring.minutes.retain(|minute| kept.contains(&minute.begin));
            (ring.open, ring.before) = (Some(current), tally);
        }
        ring
    }

    fn tally(&self) -> Tally {
        Tally {
            took: self.took.counts(),
            failed: self.failed.load(Ordering::Relaxed),
            slow: self.slow.load(Ordering::Relaxed),
        }
    }
}

fn minute(begin: i64, tally: Tally) -> Option<Minute> {
    (tally.took.total() > 0).then_some(Minute { begin, tally })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_040 + second).unwrap() // a whole minute
    }

    const FIRST: i64 = 1_700_000_040 / 60;

    fn seen(answers: &Answers, second: i64) -> Vec<(i64, u64, u64, u64)> {
        let minutes = answers.minutes(at(second)).into_iter();
        let seen = |m: Minute| {
            let Tally { took, failed, slow } = m.tally;
            (m.begin - FIRST, took.total(), failed, slow)
        };
        minutes.map(seen).collect()
    }

    #[test]
    fn each_minute_holds_what_came_in_it() {
        let answers = Answers::within(Duration::from_millis(100));
        let quick = Duration::from_millis(2);
        answers.turn(at(0));
        answers.record(200, quick);
        answers.record(422, quick); // what the client did wrong is no failure of the server
        answers.record(503, Duration::from_secs(1)); // failed, and not slow as well
        assert_eq!(seen(&answers, 59), [(0, 3, 1, 0)], "the open minute");
        answers.turn(at(60));
        answers.record(200, Duration::from_millis(101));
        answers.record(200, Duration::from_millis(100));
        assert_eq!(seen(&answers, 61), [(0, 3, 1, 0), (1, 2, 0, 1)]);
        // Minutes without a response are not kept.
        assert_eq!(seen(&answers, 600), [(0, 3, 1, 0), (1, 2, 0, 1)]);
        answers.record(200, quick);
        assert_eq!(seen(&answers, 600).last(), Some(&(10, 1, 0, 0)));
        let before = answers.minutes(at(600))[1].tally.took.quantile(0.99);
        assert!((100..=113).contains(&before.unwrap().as_millis()));
    }

    #[test]
    fn memory_is_bounded_and_a_clock_may_be_set_back() {
        let answers = Answers::default();
        for minute in 0..1000 {
            answers.turn(at(60 * minute));
            answers.record(200, Duration::from_millis(1));
        }
        let all = seen(&answers, 60 * 999);
        assert_eq!(all.len() as i64, MINUTES);
        assert_eq!((all[0].0, all.last().unwrap().0), (760, 999));
        // Ten minutes back: what is from then on is of another time.
        answers.record(200, Duration::from_millis(1));
        let all = seen(&answers, 60 * 990);
        assert_eq!(all.last().unwrap().0, 989);
        answers.record(200, Duration::from_millis(1));
        assert_eq!(seen(&answers, 60 * 990).last(), Some(&(990, 1, 0, 0)));
        // A year later nothing is left.
        assert_eq!(seen(&answers, 60 * 525_600), []);
    }
}
