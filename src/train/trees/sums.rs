//! Sums of derivatives, as integers.
//!
//! They are what a fit spends its time on: a sum is two words, which the processor adds at once, and curvature and number of
//! rows share one of them.

use std::ops::{AddAssign, Sub, SubAssign};

/// One, in the fixed point of gradients. Those of the logistic loss lie within −1 and 1; sums of 2³² of them fit.
const ONE: f64 = (1_u32 << 30) as f64;

/// How curvature and number of rows share a word: the rows take its lower bits, as many as they need.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    /// Bits of the number of rows.
    bits: u32,
    /// One, in the fixed point of curvatures.
    one: f64,
}

impl Scale {
    /// The scale for sums over so many rows, at most 2³².
    pub fn of(rows: usize) -> Scale {
        let bits = usize::BITS - rows.leading_zeros();
        // A curvature is at most ¼: fewer than 2^bits of them, each at most 2^(fraction − 2), stay below 2^(64 − bits).
        let fraction = (66_u32.saturating_sub(2 * bits)).min(30);
        Scale {
            bits,
            one: (1_u64 << fraction) as f64,
        }
    }
}

/// First and second derivative of the loss of one row by its score.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slope {
    gradient: i32,
    curvature: u32,
}

impl Slope {
    /// The gradient lies within −1 and 1, the curvature within 0 and ¼.
    pub fn new(gradient: f64, curvature: f64, scale: Scale) -> Slope {
        Slope {
            gradient: (gradient * ONE + 0.5_f64.copysign(gradient)) as i32,
            curvature: (curvature * scale.one + 0.5) as u32,
        }
    }

    /// The sums over this row alone.
    #[inline(always)]
    pub fn sums(self, scale: Scale) -> Sums {
        Sums {
            gradient: i64::from(self.gradient),
            rest: (u64::from(self.curvature) << scale.bits) + 1,
        }
    }
}

/// Sums over rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    gradient: i64,
    /// The curvature, and in the lower bits the number of rows.
    rest: u64,
}

impl Sums {
    fn gradient(&self) -> f64 {
        self.gradient as f64 / ONE
    }

    #[inline(always)]
    pub fn curvature(&self, scale: Scale) -> f64 {
        // Below 2⁶³: as a signed number it converts in one instruction.
        (self.rest >> scale.bits) as i64 as f64 / scale.one
    }

    #[inline(always)]
    pub fn rows(&self, scale: Scale) -> u32 {
        (self.rest & ((1 << scale.bits) - 1)) as u32
    }

    /// G²/(H + λ): what the loss falls by, twice, with one value for all of these rows.
    #[inline(always)]
    pub fn gain(&self, lambda: f64, scale: Scale) -> f64 {
        self.gradient() * self.gradient() / (self.curvature(scale) + lambda)
    }

    /// −2·G·v − (H + λ)·v²: what the loss falls by, twice, with the value `v` for all of these rows.
    pub fn gain_at(&self, value: f64, lambda: f64, scale: Scale) -> f64 {
        -value * (2.0 * self.gradient() + (self.curvature(scale) + lambda) * value)
    }

    /// −G/(H + λ): the best value for these rows.
    pub fn value(&self, lambda: f64, scale: Scale) -> f64 {
        -self.gradient() / (self.curvature(scale) + lambda)
    }
}

impl AddAssign for Sums {
    #[inline(always)]
    fn add_assign(&mut self, other: Sums) {
        self.gradient += other.gradient;
        self.rest += other.rest;
    }
}

impl SubAssign for Sums {
    #[inline(always)]
    fn sub_assign(&mut self, other: Sums) {
        *self = *self - other;
    }
}

impl Sub for Sums {
    type Output = Sums;

    #[inline(always)]
    fn sub(self, other: Sums) -> Sums {
        Sums {
            gradient: self.gradient - other.gradient,
            rest: self.rest - other.rest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As many rows as a scale is for, all with the largest curvature, do not run into each other.
    #[test]
    fn the_parts_of_a_word_stay_apart() {
        for rows in [1, 2, 3, 890, 65_535, 65_536, (1 << 20) - 1, 3_000_000] {
            let scale = Scale::of(rows);
            let mut sums = Sums::default();
            let one = Slope::new(-1.0, 0.25, scale).sums(scale);
            (0..rows).for_each(|_| sums += one);
            assert_eq!(sums.rows(scale) as usize, rows);
            assert_eq!(sums.curvature(scale), rows as f64 / 4.0);
            assert_eq!(sums.gradient(), -(rows as f64));
            assert_eq!((sums - one).rows(scale) as usize, rows - 1);
        }
    }
}
