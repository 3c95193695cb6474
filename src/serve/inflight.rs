//! The limit on concurrent requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::problem::Problem;

/// Counter of requests in flight. Clones share the count.
#[derive(Clone, Debug)]
pub struct Inflight {
    now: Arc<AtomicUsize>,
    most: usize,
}

/// One request's place among those in flight, released on drop.
#[derive(Debug)]
pub struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Inflight {
    /// Allows at most `most` requests at once.
    pub fn new(most: usize) -> Inflight {
        Inflight {
            now: Arc::new(AtomicUsize::new(0)),
            most,
        }
    }

    /// Number of requests in flight.
    pub fn now(&self) -> usize {
        self.now.load(Ordering::Relaxed)
    }

    /// # Errors
    /// 503 when all places are taken.
    pub fn enter(&self) -> Result<Place, Problem> {
        let place = Place(self.now.clone());
        let before = self.now.fetch_add(1, Ordering::Relaxed);
        if before < self.most {
            return Ok(place);
        }
        let detail = format!(
            "{} requests are being answered; send it again in a moment",
            self.most
        );
        Err(Problem::overloaded(detail)) // a place that is dropped is free again
    }

    /// Takes a place without checking the limit.
    pub fn extra(&self) -> Place {
        self.now.fetch_add(1, Ordering::Relaxed);
        Place(self.now.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_and_given_back() {
        let inflight = Inflight::new(2);
        let (one, two) = (inflight.enter(), inflight.enter());
        assert!(one.is_ok() && two.is_ok() && inflight.enter().is_err());
        assert_eq!(inflight.now(), 2);
        drop(one);
        assert!(inflight.enter().is_ok());
        drop(two);
        assert_eq!(inflight.now(), 0);
    }
}
