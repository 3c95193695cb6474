//! Association of two columns of one table: how much one says about the other.
//!
//! * [`rank`]: Spearman's rank correlation of two numbers.
//! * [`biserial`]: point-biserial correlation of a number and a flag.
//! * [`contingency`]: Cramér's V and mutual information of two categories.
//!
//! Rows in which either side has no value are left out, pair by pair, as pandas does.

pub mod biserial;
pub mod contingency;
pub mod rank;

use super::interval::{Interval, quantile};

#[cfg(test)]
mod tests;

/// Confidence of all intervals of associations.
pub const CONFIDENCE: f64 = 0.95;

/// A measure of association with its interval; there is no interval where the rows are too few for one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    pub value: f64,
    pub interval: Option<Interval>,
    /// Rows that have both values.
    pub rows: usize,
}

/// Pearson's correlation of two sequences of the same length; `None` if either has no spread.
fn pearson(pairs: impl Iterator<Item = (f64, f64)> + Clone, rows: usize) -> Option<f64> {
    let n = rows as f64;
    let (a, b) = pairs
        .clone()
        .fold((0.0, 0.0), |(a, b), (x, y)| (a + x, b + y));
    let (a, b) = (a / n, b / n);
    let (mut both, mut first, mut second) = (0.0, 0.0, 0.0);
    for (x, y) in pairs {
        let (x, y) = (x - a, y - b);
        both += x * y;
        first += x * x;
        second += y * y;
    }
    let spread = first.sqrt() * second.sqrt();
    let r = both / spread;
    // What rounding takes from a perfect correlation would give it an interval.
    let is_perfect = (1.0 - r.abs()) < 1e-13;
    let r = if is_perfect { r.signum() } else { r };
    (spread > 0.0 && r.is_finite()).then_some(r)
}

/// Interval of a correlation by Fisher's z transformation, whose standard error is √(`variance`/(n − 3)).
fn fisher(r: f64, rows: usize, variance: f64) -> Option<Interval> {
    // At ±1 the transformation is infinite; the rows show no spread around the line.
    if rows < 4 || r.abs() >= 1.0 {
        return None;
    }
    let half = quantile(CONFIDENCE) * (variance / (rows as f64 - 3.0)).sqrt();
    Some(Interval {
        low: (r.atanh() - half).tanh(),
        high: (r.atanh() + half).tanh(),
    })
}
