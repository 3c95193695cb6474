//! Fisher's exact test of a 2×2 table, two-sided.

use super::chi2::Pair;

/// Relative difference below which the probabilities of two tables count as equal, since it may be a rounding error.
const TIE: f64 = 1e-9;

/// Probability, relative to that of the most likely table, below which it counts as 0.
const NONE: f64 = 1e-300;

/// Two-sided p-value: the probability, given the margins, of a table that is at most as likely as this one, summed over the
/// hypergeometric distribution (Fisher, 1935). As `scipy.stats.fisher_exact`; 1 if a margin is empty. Each pair is a level
/// with its rows in the two samples.
pub fn fisher((a, b): Pair, (c, d): Pair) -> f64 {
    let (row, column, all) = (a + b, a + c, a + b + c + d);
    let (low, high) = ((row + column).saturating_sub(all), row.min(column));
    if low == high {
        return 1.0;
    }
    // Weights relative to the mode, by ratios of neighbours, so that no relevant weight overflows or underflows.
    let mode = ((row + 1) as f64 * (column + 1) as f64 / (all + 2) as f64).floor() as u64;
    let mode = mode.clamp(low, high);
    let up = |k: u64| {
        let fewer = (row - k) as f64 * (column - k) as f64;
        fewer / ((k + 1) as f64 * (all + k + 1 - row - column) as f64)
    };
    let mut weights = vec![(mode, 1.0)];
    let mut weight = 1.0;
    for k in mode..high {
        weight *= up(k);
        if weight < NONE {
            break;
        }
        weights.push((k + 1, weight));
    }
    weight = 1.0;
    for k in (low..mode).rev() {
        weight /= up(k);
        if weight < NONE {
            break;
        }
        weights.push((k, weight));
    }
    let here = weights.iter().find(|(k, _)| *k == a).map_or(0.0, |w| w.1);
    let no_likelier = |(_, weight): &&(u64, f64)| *weight <= here * (1.0 + TIE);
    // Summed from the smallest upwards, so that small terms are not lost to rounding.
    let sum = |mut weights: Vec<f64>| {
        weights.sort_unstable_by(f64::total_cmp);
        weights.iter().sum::<f64>()
    };
    let tails = sum(weights.iter().filter(no_likelier).map(|w| w.1).collect());
    let whole = sum(weights.iter().map(|w| w.1).collect());
    (tails / whole).min(1.0)
}
