//! The environment of a source: waiting, randomness, cancellation and notes.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The environment of a load, passed in so that tests neither sleep nor depend on random numbers.
pub trait World: Sync {
    /// Whether the load has been cancelled.
    fn stopped(&self) -> bool {
        false
    }

    /// Waits for `time`; returns early if the load is cancelled.
    fn wait(&self, time: Duration) {
        const LOOK: Duration = Duration::from_millis(50); // quicker than a person notices
        let mut left = time;
        while !left.is_zero() && !self.stopped() {
            let step = left.min(LOOK);
            std::thread::sleep(step);
            left -= step;
        }
    }

    /// A random number, uniform between 0 and 1.
    fn random(&self) -> f64 {
        // A new hash map state is seeded by the system, which is random enough to spread retries.
        let bits = RandomState::new().hash_one(0u8) >> 11;
        bits as f64 / (1u64 << 53) as f64
    }

    /// Reports an event that is not an error, such as a retry or a skipped file.
    fn say(&self, _note: &str) {}
}

/// The environment of a load that reports its notes to no one; it can be cancelled.
#[derive(Clone, Debug, Default)]
pub struct Unattended(Arc<AtomicBool>);

impl Unattended {
    /// Creates an environment that cancels the load once the flag is set.
    pub fn until(stop: Arc<AtomicBool>) -> Unattended {
        Unattended(stop)
    }
}

impl World for Unattended {
    fn stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
