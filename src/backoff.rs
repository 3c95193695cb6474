//! Delays between retries.

use std::time::Duration;

/// Delays that double with every failure, with random jitter so that clients that failed together do not retry together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Backoff {
    /// Delay after the first failure.
    pub first: Duration,
    /// Upper limit of the delay.
    pub longest: Duration,
    /// Minimum share of the delay that the jitter leaves, from 0 to 1.
    pub least: f64,
}

impl Backoff {
    /// The delay after this number of failures (at least one); `random` is a random number from 0 to 1.
    pub fn wait(&self, failures: u32, random: f64) -> Duration {
        let doubled = 1u32.checked_shl(failures.saturating_sub(1));
        let wait = self.first.saturating_mul(doubled.unwrap_or(u32::MAX));
        let share = self.least + (1.0 - self.least) * random.clamp(0.0, 1.0);
        wait.min(self.longest).mul_f64(share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(least: f64, failures: u32, random: f64, millis: u128) {
        let backoff = Backoff {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(30),
            least,
        };
        let wait = backoff.wait(failures, random).as_millis();
        assert_eq!(wait, millis, "{least} {failures} {random}");
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        check(0.0, 1, 1.0, 500);
        check(0.0, 2, 1.0, 1_000);
        check(0.0, 6, 1.0, 16_000);
        check(0.0, 7, 1.0, 30_000);
        check(0.0, 40, 1.0, 30_000);
        check(0.0, u32::MAX, 1.0, 30_000);
    }

    #[test]
    fn chance_shortens_them_down_to_the_least() {
        check(0.0, 1, 0.5, 250);
        check(0.0, 1, 0.0, 0);
        check(0.5, 1, 0.5, 375);
        check(0.5, 40, 0.0, 15_000);
        check(1.0, 2, 0.0, 1_000);
    }
}
