//! The share of bad rows in a recent period, shared by the conditions about rows.

use std::num::NonZeroU64;
use std::time::Duration;

use jiff::Timestamp;

use super::window::Window;
use crate::units::Span;

/// When a share of bad rows is too large.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Limit {
    /// Limit of the share, from 0 to 1.
    pub share: f64,
    /// Minimum count of rows in the period.
    pub least: u64,
    pub over: Duration,
}

/// Growth of two counters, all rows and bad rows, over a recent period.
#[derive(Debug)]
pub(super) struct Rate {
    limit: Limit,
    window: Window<(u64, u64)>,
}

/// Counts of all and of bad rows in the period.
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

    /// Records the counters, which only increase, and returns the counts of the period if they exceed the limit.
    pub(super) fn look(&mut self, now: Timestamp, all: u64, bad: u64) -> Option<Excess> {
        let limit = self.limit;
        Some(self.since(now, all, bad)).filter(|excess| excess.is_over(&limit))
    }

    /// Records the counters and returns the counts of the period, whether or not they exceed the limit.
    pub(super) fn since(&mut self, now: Timestamp, all: u64, bad: u64) -> Excess {
        let before = self.window.begin(now, &(all, bad));
        Excess {
            all: all.saturating_sub(before.0),
            bad: bad.saturating_sub(before.1),
        }
    }
}

impl Excess {
    /// Whether the counts exceed the limit.
    pub(super) fn is_over(self, limit: &Limit) -> bool {
        self.all >= limit.least && self.share() > limit.share
    }

    /// Share of bad rows, from 0 to 1.
    pub(super) fn share(self) -> f64 {
        self.bad as f64 / self.all.max(1) as f64
    }
}
