//! Kolmogorov and Smirnov's test: the largest distance between two distribution functions.

use serde::{Deserialize, Serialize};

/// The test's outcome.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ks {
    /// Largest distance between the two distribution functions, in [0, 1].
    pub statistic: f64,
    /// Chance of such a distance, or a larger one, between two samples of one distribution.
    pub p_value: f64,
    /// How the chance was found.
    pub method: Method,
}

/// How a p-value was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// By counting.
    Exact,
    /// By the distribution of one large sample.
    Asymptotic,
}
