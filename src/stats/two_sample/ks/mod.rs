//! The two-sided Kolmogorov–Smirnov test: the largest distance between two empirical distribution functions.
//!
//! As `scipy.stats.ks_2samp` in its mode `auto`: the p-value is exact as long as neither sample is larger than
//! [`MAX_EXACT`]; beyond that it is taken from the distribution of one sample of the equivalent size.

mod exact;
mod kolmogorov;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Size of the larger sample up to which the p-value is exact.
pub const MAX_EXACT: usize = 10_000;

/// Result of the Kolmogorov–Smirnov test of two samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Ks {
    /// Largest distance between the two distribution functions, in [0, 1].
    pub statistic: f64,
    /// Probability of this distance or a larger one if both samples have the same distribution.
    pub p_value: f64,
    /// How the p-value was computed.
    pub method: Method,
}

/// How a p-value was computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Method {
    Exact,
    /// From the distribution of one sample of equivalent size.
    Asymptotic,
}

/// Tests two samples, each finite and in ascending order; `None` if either is empty.
pub fn ks(reference: &[f64], current: &[f64]) -> Option<Ks> {
    let method = match reference.len().max(current.len()) <= MAX_EXACT {
        true => Method::Exact,
        false => Method::Asymptotic,
    };
    let furthest = furthest(reference, current)?;
    let (n, m) = (reference.len() as u64, current.len() as u64);
    let statistic = furthest.statistic();
    let p_value = match method {
        Method::Exact => exact::p_value(n, m, furthest.apart),
        Method::Asymptotic => {
            let (n, m) = (n as f64, m as f64);
            let alike = (n * m / (n + m)).round_ties_even();
            kolmogorov::survival(alike as u64, statistic)
        }
    };
    Some(Ks {
        statistic,
        p_value,
        method,
    })
}

/// The point at which two empirical distribution functions are furthest apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Furthest {
    /// The distance is that just after this value.
    pub at: f64,
    /// Number of reference values up to `at`.
    pub reference: usize,
    /// Number of current values up to `at`.
    pub current: usize,
    /// The distance in units of 1/(n·m), an integer and so free of rounding: whether a path of the exact count touches the
    /// limit must not depend on the last bit.
    apart: u64,
    whole: u64,
}

impl Furthest {
    /// The distance, in [0, 1].
    pub fn statistic(&self) -> f64 {
        self.apart as f64 / self.whole as f64
    }
}

/// The point at which two samples, each finite and in ascending order, are furthest apart; `None` if either is empty.
pub fn furthest(reference: &[f64], current: &[f64]) -> Option<Furthest> {
    let (n, m) = (reference.len() as i64, current.len() as i64);
    let (mut i, mut j) = (0, 0);
    let mut most: Option<Furthest> = None;
    while let (Some(a), Some(b)) = (reference.get(i), current.get(j)) {
        let at = a.min(*b);
        i += reference[i..].iter().take_while(|v| **v <= at).count();
        j += current[j..].iter().take_while(|v| **v <= at).count();
        let apart = (i as i64 * m - j as i64 * n).unsigned_abs();
        if most.is_none_or(|most| most.apart < apart) {
            let (reference, current) = (i, j);
            most = Some(Furthest {
                at,
                reference,
                current,
                apart,
                whole: (n * m) as u64,
            });
        }
    }
    most
}

/// Whether two samples may have the same distribution, that is, whether their p-value is above `p`. Clear differences are
/// detected from the distance alone, so that many pairs can be tested cheaply.
pub fn fits(reference: &[f64], current: &[f64], p: f64) -> bool {
    let Some(furthest) = furthest(reference, current) else {
        return false;
    };
    let (n, m) = (reference.len() as f64, current.len() as f64);
    let statistic = furthest.statistic();
    // Four times the sufficient size, as the leading term alone may be off by that much.
    if n * m / (n + m) > 4.0 * size_for(p, statistic) {
        return false;
    }
    ks(reference, current).is_some_and(|ks| ks.p_value > p)
}

/// Size of one sample whose test would give about the p-value `p` in (0, 1) at this distance, from the leading term of the
/// distribution, p = 2·exp(−2·n·d²), solved for n.
pub fn size_for(p: f64, statistic: f64) -> f64 {
    (2.0 / p).ln() / (2.0 * statistic * statistic)
}
