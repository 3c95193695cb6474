//! The memory budget, in bytes, that all connections share: bodies, fragmented messages, and unread responses.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::problem::Problem;

/// Bytes that a client may hold without counting against the budget: an ordinary request is complete within one read.
pub const FREE: usize = 32 << 10;

/// The memory budget. Clones share it.
#[derive(Clone, Debug)]
pub struct Budget {
    kept: Arc<AtomicUsize>,
    most: usize,
}

/// Bytes taken from the budget, returned on drop.
#[derive(Debug, Default)]
pub struct Kept {
    budget: Option<Arc<AtomicUsize>>,
    bytes: usize,
}

impl Budget {
    /// A budget of `bytes` bytes.
    pub fn new(bytes: usize) -> Budget {
        Budget {
            kept: Arc::default(),
            most: bytes,
        }
    }

    /// Takes `bytes` more bytes and adds them to `kept`.
    ///
    /// # Errors
    /// 503 when the budget has too few bytes left.
    pub fn take(&self, kept: &mut Kept, bytes: usize) -> Result<(), Problem> {
        let take = |now: usize| now.checked_add(bytes).filter(|after| *after <= self.most);
        let taken = self
            .kept
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        taken.map_err(|_| exhausted())?;
        kept.add(&self.kept, bytes);
        Ok(())
    }

    /// Takes bytes even beyond the budget, for data that already exists in memory. Later requests are rejected instead.
    pub fn overdraw(&self, kept: &mut Kept, bytes: usize) {
        self.kept.fetch_add(bytes, Ordering::Relaxed);
        kept.add(&self.kept, bytes);
    }

    /// Checks that the budget has bytes left.
    ///
    /// # Errors
    /// 503 when it has none.
    pub fn check(&self) -> Result<(), Problem> {
        let left = self.kept.load(Ordering::Relaxed) < self.most;
        left.then_some(()).ok_or_else(exhausted)
    }
}

impl Kept {
    fn add(&mut self, budget: &Arc<AtomicUsize>, bytes: usize) {
        self.budget.get_or_insert_with(|| budget.clone());
        self.bytes += bytes;
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.fetch_sub(self.bytes, Ordering::Relaxed);
        }
    }
}

fn exhausted() -> Problem {
    Problem::overloaded(
        "server.limits.memory is in use by other requests; send it again in a moment",
    )
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError;

    use super::*;

    #[test]
    fn what_is_kept_counts_until_it_is_dropped() {
        let budget = Budget::new(10_000);
        let (mut one, mut two) = (Kept::default(), Kept::default());
        (0..1000).for_each(|_| budget.take(&mut one, 1).unwrap());
        budget.take(&mut two, 9_000).unwrap();
        let refused = budget.take(&mut one, 1).unwrap_err();
        assert_eq!(refused.status_code(), 503);
        assert!(budget.check().is_err());
        drop(two);
        budget.check().unwrap();
        budget.overdraw(&mut one, 20_000);
        assert!(budget.check().is_err() && budget.take(&mut Kept::default(), 1).is_err());
        drop(one);
        budget.take(&mut Kept::default(), 10_000).unwrap();
        assert!(budget.take(&mut Kept::default(), usize::MAX).is_err());
    }
}
