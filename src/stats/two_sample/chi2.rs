//! Pearson's χ² test of homogeneity of a 2×K table, without continuity correction.
//!
//! As `scipy.stats.chi2_contingency(correction=False)` on the levels that occur.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::stats::gamma::upper_gamma;

/// Expected count below which the χ² approximation is unreliable (Cochran, Biometrics 10, 1954).
pub const LEAST_EXPECTED: f64 = 5.0;

/// Result of the χ² test of two samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Chi2 {
    /// Σ (observed − expected)² / expected.
    pub statistic: f64,
    /// Probability of this statistic or a larger one if both samples have the same distribution.
    pub p_value: f64,
    /// Degrees of freedom: number of levels that occur, minus 1.
    pub dof: u64,
}

/// A level's number of rows in the reference and in the current sample.
pub type Pair = (u64, u64);

/// Tests counts; `None` if fewer than two levels occur or either sample is empty.
pub fn chi2(counts: &[Pair]) -> Option<Chi2> {
    let (n, m) = totals(counts);
    if n == 0 || m == 0 {
        return None;
    }
    let (n, m) = (n as f64, m as f64);
    let occurring = counts.iter().filter(|(a, b)| a + b > 0);
    let (mut statistic, mut levels) = (0.0, 0);
    for (a, b) in occurring {
        let (a, b) = (*a as f64, *b as f64);
        // The two cells of a level deviate by the same amount in opposite directions.
        let off = (a * m - b * n) / (n + m);
        statistic += off * off * (n + m) / (a + b) * (1.0 / n + 1.0 / m);
        levels += 1;
    }
    let dof = (levels > 1).then(|| levels - 1)?;
    Some(Chi2 {
        statistic,
        p_value: survival(statistic, dof),
        dof,
    })
}

/// Probability of more than `statistic` in the χ² distribution with `dof` degrees of freedom.
pub fn survival(statistic: f64, dof: u64) -> f64 {
    upper_gamma(dof as f64 / 2.0, statistic / 2.0)
}

/// Merges the two rarest levels until every expected count is at least [`LEAST_EXPECTED`]; fewer than two levels may remain.
pub fn merged(counts: &[Pair]) -> Vec<Pair> {
    let (n, m) = totals(counts);
    let share = n.min(m) as f64 / (n + m).max(1) as f64;
    let occurring = counts.iter().filter(|(a, b)| a + b > 0);
    let mut rarest: BinaryHeap<_> = occurring.map(|(a, b)| Reverse((a + b, *a, *b))).collect();
    while rarest.len() > 1 {
        let Some(Reverse((rows, a, b))) = rarest.pop() else {
            break;
        };
        if rows as f64 * share >= LEAST_EXPECTED {
            rarest.push(Reverse((rows, a, b)));
            break;
        }
        if let Some(Reverse((more, c, d))) = rarest.pop() {
            rarest.push(Reverse((rows + more, a + c, b + d)));
        }
    }
    // `into_sorted_vec` puts the most frequent first because of `Reverse`; the result starts with the rarest.
    let levels = rarest.into_sorted_vec().into_iter().rev();
    levels.map(|Reverse((_, a, b))| (a, b)).collect()
}

fn totals(counts: &[Pair]) -> Pair {
    counts.iter().fold((0, 0), |(n, m), (a, b)| (n + a, m + b))
}
