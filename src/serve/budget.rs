//! Bytes that are kept for clients, of all connections together: bodies, messages in pieces, answers that nobody has read.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;

/// What one client keeps for a moment without counting: an ordinary request comes and goes within one read.
pub const FREE: usize = 32 << 10;

/// The budget. Clones share it.
#[derive(Clone, Debug)]
pub struct Budget {
    /// In KiB.
    free: Arc<Semaphore>,
}

/// Bytes taken of the budget, given back when this is dropped.
#[derive(Debug, Default)]
pub struct Kept {
    permit: Option<OwnedSemaphorePermit>,
    bytes: usize,
}

impl Budget {
    /// A budget of so many bytes.
    pub fn new(bytes: usize) -> Budget {
        Budget {
            free: Arc::new(Semaphore::new((bytes >> 10).min(Semaphore::MAX_PERMITS))),
        }
    }

    /// Takes so many bytes more into `kept`.
    ///
    /// # Errors
    /// 503 when they are not there.
    pub fn take(&self, kept: &mut Kept, bytes: usize) -> Result<(), Problem> {
        let (before, after) = (kib(kept.bytes), kib(kept.bytes + bytes));
        let more = self.free.clone().try_acquire_many_owned(after - before);
        let more = more.map_err(|_| {
            Problem::overloaded(
                "server.limits.memory is in use by other requests; send it again in a moment",
            )
        })?;
        match &mut kept.permit {
            Some(permit) => permit.merge(more),
            None => kept.permit = Some(more),
        }
        kept.bytes += bytes;
        Ok(())
    }
}

fn kib(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    use actix_web::ResponseError;

    #[test]
    fn what_is_kept_counts_until_it_is_dropped() {
        let budget = Budget::new(10 << 10);
        let (mut one, mut two) = (Kept::default(), Kept::default());
        budget.take(&mut one, 1).unwrap();
        (0..1000).for_each(|_| budget.take(&mut one, 1).unwrap()); // one KiB, however it comes
        budget.take(&mut two, 9 << 10).unwrap();
        assert_eq!(budget.take(&mut one, 24).unwrap_err().status_code(), 503);
        budget.take(&mut one, 23).unwrap();
        drop(two);
        budget.take(&mut one, 9 << 10).unwrap();
        assert!(budget.take(&mut Kept::default(), 1).is_err());
    }
}
