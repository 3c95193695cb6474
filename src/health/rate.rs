//! Of what came lately, too large a part was bad: what the conditions about rows have in common.

use std::num::NonZeroU64;
use std::time::Duration;

use jiff::Timestamp;

use super::window::Window;
use crate::units::Span;

/// From where on a part is too large.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Limit {
    /// More than this share.
    pub share: f64,
    /// Of at least so many.
    pub least: u64,
    pub over: Duration,
}

/// Counters of what came, and of the bad ones among it, over the last while.
#[derive(Debug)]
pub(super) struct Rate {
    limit: Limit,
    window: Window<(u64, u64)>,
}

/// What came, and the bad part of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Excess {
    pub all: u64,
    pub bad: u64,
}

impl Limit {
    pub(super) fn new(share: f64, rows: NonZeroU64, over: Span) -> Limit {
        Limit {
            share,
            least: rows.get(),
            over: over.0,
        }
    }
}

impl Rate {
    pub(super) fn new(limit: Limit) -> Rate {
        Rate {
            limit,
            window: Window::new(limit.over),
        }
    }

    /// Looks at the counters, which only grow: what came in all, and the bad ones of it.
    pub(super) fn look(&mut self, now: Timestamp, all: u64, bad: u64) -> Option<Excess> {
        let limit = self.limit;
        Some(self.since(now, all, bad)).filter(|excess| excess.is_over(&limit))
    }

    /// What they grew by, whether that is too much or not.
    pub(super) fn since(&mut self, now: Timestamp, all: u64, bad: u64) -> Excess {
        let before = self.window.begin(now, &(all, bad));
        Excess {
            all: all.saturating_sub(before.0),
            bad: bad.saturating_sub(before.1),
        }
    }
}

impl Excess {
    /// Whether it is too large.
    pub(super) fn is_over(self, limit: &Limit) -> bool {
        self.all >= limit.least && self.share() > limit.share
    }

    /// The part, from 0 to 1.
    pub(super) fn share(self) -> f64 {
        self.bad as f64 / self.all.max(1) as f64
    }
}
