//! What a source needs from outside: patience, chance, and somebody who listens.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Time, chance, and whoever started the load. Handed in, so that a test neither sleeps nor draws lots.
pub trait World: Sync {
    /// Whether somebody asked for an end.
    fn stopped(&self) -> bool {
        false
    }

    /// Lets time pass; comes back early once stopped.
    fn wait(&self, time: Duration) {
        const LOOK: Duration = Duration::from_millis(50); // quicker than a person notices
        let mut left = time;
        while !left.is_zero() && !self.stopped() {
            let step = left.min(LOOK);
            std::thread::sleep(step);
            left -= step;
        }
    }

    /// A number from 0 to 1, drawn evenly.
    fn random(&self) -> f64 {
        // The seed of a hash map comes from the system; for spreading retries that is random enough.
        let bits = RandomState::new().hash_one(0u8) >> 11;
        bits as f64 / (1u64 << 53) as f64
    }

    /// Tells of something that is no fault yet: a retry, a file passed over.
    fn say(&self, _note: &str) {}
}

/// The world of a load that nobody watches; it can be stopped.
#[derive(Clone, Debug, Default)]
pub struct Unattended(Arc<AtomicBool>);

impl Unattended {
    /// Stops once the flag is raised.
    pub fn until(stop: Arc<AtomicBool>) -> Unattended {
        Unattended(stop)
    }
}

impl World for Unattended {
    fn stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
