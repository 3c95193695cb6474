//! A confidence sequence: bounds on a mean that hold at every look, however often and whenever one looks.
//!
//! **Testing by betting** (Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86,
//! 2024, the capital process). If values x ≥ a have mean at most m, a bet of the share g in (0, 1) of one's capital on
//! "larger than m" multiplies it by 1 + g·u, u = (x − m)/(m − a) ≥ −1, which is a fair or losing bet. Capital that is never
//! expected to grow reaches 1/level *at any time* with probability level at most (Ville's inequality): when it does, the
//! mean is above m. No distribution is assumed, not even that the rows are identically distributed: with fixed g the claim
//! is about the average of the rows' expectations so far (as in Choe and Ramdas, "Comparing sequential forecasters",
//! Operations Research 72, 2024), since ∏(1 + g·E u) ≤ exp(g·Σ E u) ≤ 1 where that average is at most m.
//!
//! **In constant memory.** For u ≥ −1
//!
//! ```text
//! ln(1 + g·u) ≥ g·u − g²u²/2 + g³u³/3 − r(g)·u⁴,   r(g) = −ln(1 − g) − g − g²/2 − g³/3
//! ```
//!
//! with equality at 0 and −1: the left side's remainder divided by u⁴ is −g⁴∫₀¹ s³/(1 + g·s·u) ds, which is smallest at u =
//! −1. (Fan, Grama and Liu 2015 have the quadratic case, Ryu and Bhatt, "On confidence sequences for bounded random
//! processes via universal gambling strategies", arXiv 2207.12382, the general one, and mix over g as is done here.) So four
//! power sums bound the capital from below for every m at once, and a capital that is smaller than the true one preserves
//! the guarantee. The capital is spread evenly over a few g, which is itself a valid bet.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Shares g of the capital that are bet. The largest suits differences that a single look at a few hundred rows would show,
/// the smallest suits values that vary widely around a mean close to their lower end; beyond 3/4 the bound above is too
/// loose to be useful.
const SHARES: [f64; 6] = [0.75, 0.375, 0.1875, 0.09375, 0.046875, 0.0234375];

/// Accumulates values of a bounded range as power sums.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sequence {
    lowest: f64,
    highest: f64,
    rows: u64,
    /// Σx, Σx², Σx³, Σx⁴.
    sums: [f64; 4],
}

/// A mean with bounds that hold at every look.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bounded {
    /// Mean so far; null without values.
    pub mean: Option<f64>,
    /// Lower bound on the true mean.
    pub low: f64,
    pub high: f64,
}

impl Sequence {
    /// An empty accumulator for values in `lowest..=highest`; the guarantee holds only for values in that range.
    pub fn over(lowest: f64, highest: f64) -> Sequence {
        debug_assert!(lowest < highest, "{lowest} to {highest} is not a range");
        Sequence {
            lowest,
            highest,
            rows: 0,
            sums: [0.0; 4],
        }
    }

    /// Adds one value, clamped to the range.
    pub fn update(&mut self, value: f64) {
        let value = value.clamp(self.lowest, self.highest);
        self.rows += 1;
        let mut power = 1.0;
        for sum in &mut self.sums {
            power *= value;
            *sum += power;
        }
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Mean of the values; `None` without values.
    pub fn mean(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.sums[0] / self.rows as f64)
    }

    /// Whether the values show that the true mean is above `mean`. The probability that this is ever wrong, over all looks
    /// together, is at most `level`.
    pub fn is_above(&self, mean: f64, level: f64) -> bool {
        mean < self.lowest || self.log_capital(mean) >= -level.ln()
    }

    /// Whether the values show that the true mean is below `mean`; the error probability is that of [`Sequence::is_above`].
    pub fn is_below(&self, mean: f64, level: f64) -> bool {
        self.mirrored().is_above(-mean, level)
    }

    /// The mean with a lower and an upper bound, each of which holds at all looks together with probability 1 − `level` if
    /// all values have the same expectation. A bound that the values do not show is the end of the range.
    pub fn bounded(&self, level: f64) -> Bounded {
        Bounded {
            mean: self.mean(),
            low: self.low(level),
            high: -self.mirrored().low(level),
        }
    }

    /// Lower bound: the largest m that the values show to be below the true mean. The true capital falls as m rises, so that
    /// every smaller m is shown as well. The computed bound on the capital need not be monotonic, but the result is always
    /// an m that it does show.
    fn low(&self, level: f64) -> f64 {
        let Some(mean) = self.mean() else {
            return self.lowest;
        };
        let whole = mean - self.lowest;
        let step = |k: i32| mean - whole * f64::powf(0.75, f64::from(k));
        // Searches from the mean downwards in growing steps. The first is 10⁻⁷ of the way, finer than any
        // number of rows resolves.
        let Some(k) = (1..56).rev().find(|k| self.is_above(step(*k), level)) else {
            return self.lowest;
        };
        let (mut shown, mut open) = (step(k), step(k + 1));
        for _ in 0..40 {
            let middle = f64::midpoint(shown, open);
            if self.is_above(middle, level) {
                shown = middle;
            } else {
                open = middle;
            }
        }
        shown
    }

    /// Logarithm of a lower bound on the capital won by betting that the mean is larger than `m`.
    fn log_capital(&self, m: f64) -> f64 {
        let unit = m - self.lowest;
        if unit <= 0.0 {
            return 0.0; // no mean is below the range's end: nobody takes the bet
        }
        let n = self.rows as f64;
        let [x1, x2, x3, x4] = self.sums;
        // Σ(x − m)ᵏ by the binomial theorem, divided by the k-th power of the largest possible loss m − a.
        let u1 = (x1 - n * m) / unit;
        let u2 = (x2 - 2.0 * m * x1 + n * m.powi(2)) / unit.powi(2);
        let u3 = (x3 - 3.0 * m * x2 + 3.0 * m.powi(2) * x1 - n * m.powi(3)) / unit.powi(3);
        let u4 = (x4 - 4.0 * m * x3 + 6.0 * m.powi(2) * x2 - 4.0 * m.powi(3) * x1 + n * m.powi(4))
            / unit.powi(4);
        let logs = SHARES.map(|g| {
            let three = [g, g * g / 2.0, g.powi(3) / 3.0];
            let rest = -(-g).ln_1p() - three.iter().sum::<f64>();
            three[0] * u1 - three[1] * u2 + three[2] * u3 - rest * u4
        });
        let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mean = logs.iter().map(|log| (log - most).exp()).sum::<f64>() / logs.len() as f64;
        most + mean.ln()
    }

    /// The accumulator of the negated values −x.
    fn mirrored(&self) -> Sequence {
        let [x1, x2, x3, x4] = self.sums;
        Sequence {
            lowest: -self.highest,
            highest: -self.lowest,
            rows: self.rows,
            sums: [-x1, x2, -x3, x4],
        }
    }
}

#[cfg(test)]
mod tests;
