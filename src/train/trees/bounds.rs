//! Bounds of leaf values, by which a tree keeps the order of columns that have one.
//!
//! A split on such a column must not give the side of higher values less than the other side (more, for a decreasing one).
//! The middle between both sides then bounds all leaves below from one side or the other, whatever they are split on (the
//! "basic" method of LightGBM, `monotone_constraints` of XGBoost). So every leaf of the left subtree is on the right side of
//! every leaf of the right subtree, and the tree as a whole keeps the order.

use crate::schema::column::Monotone;

/// The values that a leaf may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    low: f64,
    high: f64,
}

impl Bounds {
    pub const NONE: Bounds = Bounds {
        low: f64::NEG_INFINITY,
        high: f64::INFINITY,
    };

    /// The nearest value within the bounds.
    pub fn nearest(self, value: f64) -> f64 {
        value.clamp(self.low, self.high)
    }

    /// The bounds of both sides of a split on a column with this order, whose values are `left` and `right`.
    pub fn divide(self, order: Option<Monotone>, left: f64, right: f64) -> (Bounds, Bounds) {
        let middle = f64::midpoint(left, right);
        let (below, above) = (
            Bounds {
                high: middle,
                ..self
            },
            Bounds {
                low: middle,
                ..self
            },
        );
        match order {
            None => (self, self),
            Some(Monotone::Increasing) => (below, above),
            Some(Monotone::Decreasing) => (above, below),
        }
    }
}

/// Whether the values of both sides of a split have the order of its column.
pub fn in_order(order: Option<Monotone>, left: f64, right: f64) -> bool {
    match order {
        None => true,
        Some(Monotone::Increasing) => left <= right,
        Some(Monotone::Decreasing) => left >= right,
    }
}
