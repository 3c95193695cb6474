//! Kolmogorov and Smirnov's two-sided test: the largest distance between two distribution functions.
//!
//! As `scipy.stats.ks_2samp` in its mode `auto`: the p-value is counted exactly as long as neither sample is larger than
//! [`MAX_EXACT`], and taken from the distribution of one sample of the size that carries as much beyond it.

mod exact;
mod kolmogorov;

use serde::{Deserialize, Serialize};

/// Values in the larger sample up to which the p-value is exact.
pub const MAX_EXACT: usize = 10_000;

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

/// Tests two samples, each ascending and finite; `None` where either is empty.
pub fn ks(reference: &[f64], current: &[f64]) -> Option<Ks> {
    let method = match reference.len().max(current.len()) <= MAX_EXACT {
        true => Method::Exact,
        false => Method::Asymptotic,
    };
    let apart = distance(reference, current)?;
    let (n, m) = (reference.len() as u64, current.len() as u64);
    let statistic = apart as f64 / (n * m) as f64;
    let p_value = match method {
        Method::Exact => exact::p_value(n, m, apart),
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

/// Largest distance of the two distribution functions, in units of 1/(n·m) and so without rounding: whether a path of the
/// exact count touches it must not hang on the last bit.
fn distance(reference: &[f64], current: &[f64]) -> Option<u64> {
    let (n, m) = (reference.len() as i64, current.len() as i64);
    if n == 0 || m == 0 {
        return None;
    }
    let (mut i, mut j, mut most) = (0, 0, 0);
    while let (Some(a), Some(b)) = (reference.get(i), current.get(j)) {
        let at = a.min(*b);
        i += reference[i..].iter().take_while(|v| **v <= at).count();
        j += current[j..].iter().take_while(|v| **v <= at).count();
        most = most.max((i as i64 * m - j as i64 * n).unsigned_abs());
    }
    Some(most)
}

/// Values of one sample whose test would give about the chance `p` in (0, 1) at this distance: the leading term of the
/// distribution, p = 2·exp(−2·n·d²), turned round.
pub fn size_for(p: f64, statistic: f64) -> f64 {
    (2.0 / p).ln() / (2.0 * statistic * statistic)
}
