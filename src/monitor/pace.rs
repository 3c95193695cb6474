//! Rate limit on the windows that are tested.
//!
//! Each tested window may be a false alarm and costs a comparison; on a busy server there would be hundreds of windows per
//! second. A token bucket limits them: tokens refill over time, and rows that arrive while it is empty are skipped.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Maximum tokens, that is, windows that can be tested in immediate succession.
const STOCK: f64 = 100.0;

/// Tokens added per second, that is, the long-term rate of windows.
const REFILL: f64 = 1.0;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pace {
    stock: f64,
    /// Time of the last refill, in microseconds of Unix time.
    at: Option<i64>,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            stock: STOCK,
            at: None,
        }
    }
}

impl Pace {
    /// Refills the bucket and returns whether a window may be tested. A clock that goes back refills nothing.
    pub fn is_ready(&mut self, now: Timestamp) -> bool {
        let now = now.as_microsecond();
        let passed = self.at.map_or(0, |at| now.saturating_sub(at)).max(0);
        self.at = Some(now);
        self.stock = (self.stock + passed as f64 / 1e6 * REFILL).min(STOCK);
        self.stock >= 1.0
    }

    pub fn spend(&mut self) {
        self.stock = (self.stock - 1.0).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(pace: &mut Pace, now: Timestamp) -> bool {
        let is_ready = pace.is_ready(now);
        if is_ready {
            pace.spend();
        }
        is_ready
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_burst_is_looked_at_and_then_one_window_a_second() {
        let mut pace = Pace::default();
        let taken = (0..500).filter(|_| take(&mut pace, at(0))).count();
        assert_eq!(taken, 100);
        assert!(!take(&mut pace, at(-1_000_000)), "the clock went back");
        let mut pace = Pace::default();
        // Ten windows per second for an hour.
        let taken = (0..36_000).filter(|i| take(&mut pace, at(i / 10))).count();
        assert_eq!(taken, 100 + 3599);
    }
}
