//! Sums of derivatives, as integers.

use std::ops::{AddAssign, Sub, SubAssign};

/// One, in fixed point. Derivatives of the logistic loss lie within −1 and 1; sums of 2³² of them fit.
const ONE: f64 = (1_u32 << 30) as f64;

/// First and second derivative of the loss of one row by its score.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slope {
    gradient: i32,
    curvature: i32,
}

impl Slope {
    /// Both within −1 and 1.
    pub fn new(gradient: f64, curvature: f64) -> Slope {
        let fixed = |value: f64| (value * ONE).round() as i32;
        Slope {
            gradient: fixed(gradient),
            curvature: fixed(curvature),
        }
    }
}

/// Sums over rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    gradient: i64,
    curvature: i64,
    pub rows: u32,
}

impl Sums {
    pub fn gradient(&self) -> f64 {
        self.gradient as f64 / ONE
    }

    pub fn curvature(&self) -> f64 {
        self.curvature as f64 / ONE
    }

    /// G²/(H + λ): what the loss falls by, twice, with one value for all of these rows.
    pub fn gain(&self, lambda: f64) -> f64 {
        self.gradient() * self.gradient() / (self.curvature() + lambda)
    }

    /// −G/(H + λ): the best value for these rows.
    pub fn value(&self, lambda: f64) -> f64 {
        -self.gradient() / (self.curvature() + lambda)
    }
}

impl AddAssign<Slope> for Sums {
    fn add_assign(&mut self, slope: Slope) {
        self.gradient += i64::from(slope.gradient);
        self.curvature += i64::from(slope.curvature);
        self.rows += 1;
    }
}

impl AddAssign for Sums {
    fn add_assign(&mut self, other: Sums) {
        self.gradient += other.gradient;
        self.curvature += other.curvature;
        self.rows += other.rows;
    }
}

impl SubAssign for Sums {
    fn sub_assign(&mut self, other: Sums) {
        *self = *self - other;
    }
}

impl Sub for Sums {
    type Output = Sums;

    fn sub(self, other: Sums) -> Sums {
        Sums {
            gradient: self.gradient - other.gradient,
            curvature: self.curvature - other.curvature,
            rows: self.rows - other.rows,
        }
    }
}
