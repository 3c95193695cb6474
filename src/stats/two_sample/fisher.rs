//! Fisher's exact test of a 2×2 table, two-sided.

use super::chi2::Pair;

/// Tables whose chances differ by less than this, relatively, count as equally likely: it is rounding.
const TIE: f64 = 1e-9;

/// Below this, relative to the likeliest table, a chance counts as none.
const NONE: f64 = 1e-300;

/// Chance of a table that is as likely as this one or less, the margins being what they are: the sum over the
/// hypergeometric distribution of all tables no likelier (Fisher, 1935). As `scipy.stats.fisher_exact`; 1 where a margin is
/// empty. The two pairs are two levels with their rows on either side.
pub fn fisher((a, b): Pair, (c, d): Pair) -> f64 {
    let (row, column, all) = (a + b, a + c, a + b + c + d);
    let (low, high) = ((row + column).saturating_sub(all), row.min(column));
    if low == high {
        return 1.0;
    }
    // Weights relative to the mode, by the ratio of neighbours: nothing over- or underflows that matters.
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
    // From the smallest, so that a tail keeps its digits.
    let sum = |mut weights: Vec<f64>| {
        weights.sort_unstable_by(f64::total_cmp);
        weights.iter().sum::<f64>()
    };
    let tails = sum(weights.iter().filter(no_likelier).map(|w| w.1).collect());
    let whole = sum(weights.iter().map(|w| w.1).collect());
    (tails / whole).min(1.0)
}
