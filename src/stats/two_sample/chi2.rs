//! Pearson's χ² test of homogeneity of a 2×K table, without continuity correction.

use serde::{Deserialize, Serialize};

/// The test's outcome.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chi2 {
    /// Σ (observed − expected)² / expected.
    pub statistic: f64,
    /// Chance of such a statistic, or a larger one, between two samples of one distribution.
    pub p_value: f64,
    /// Degrees of freedom: levels that occur, less one.
    pub dof: u64,
}
