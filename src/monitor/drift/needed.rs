//! Estimates how many rows would make a visible but unproven difference significant.

use super::column::{Sides, Test};
use super::pair::{Measured, Pair};
use crate::stats::two_sample::chi2::survival;
use crate::stats::two_sample::ks;

/// A difference whose unadjusted p-value exceeds this is not noticeable.
const SPEAK_OF: f64 = 0.05;

/// Approximate number of current rows that bring the p-value down to `level` if the shares remain as they are. `None` if
/// there is no noticeable difference, or if the reference is too small for any number of rows.
///
/// A test of n values against m reference values has the power of n·m/(n + m) values against a known distribution. That
/// weight grows with n but never exceeds m.
pub(super) fn rows(pair: &Pair<'_>, measured: &Measured, level: f64) -> Option<u64> {
    if measured.p_value > SPEAK_OF {
        return None;
    }
    // The test on missing values uses all rows; the other tests use rows with a value.
    let (Sides { reference, current }, all) = match measured.test {
        Test::FisherMissing => (rows_of(pair), 1.0),
        _ => (
            pair.present,
            pair.present.current as f64 / rows_of(pair).current as f64,
        ),
    };
    let (n, m) = (current as f64, reference as f64);
    let weight = match &measured.chi2 {
        None => ks::size_for(level, measured.effect),
        Some(chi2) => {
            let grown = |factor: f64| survival(chi2.statistic * factor, chi2.dof);
            n * m / (n + m) * factor(level, grown)?
        }
    };
    if weight >= m {
        return None;
    }
    let rows = (weight * m / (m - weight) / all).ceil();
    Some((rows as u64).max(rows_of(pair).current + 1))
}

fn rows_of(pair: &Pair<'_>) -> Sides<u64> {
    Sides {
        reference: pair.missing.reference + pair.present.reference,
        current: pair.missing.current + pair.present.current,
    }
}

/// The factor ≥ 1 at which a decreasing function reaches `level`.
fn factor(level: f64, of: impl Fn(f64) -> f64) -> Option<f64> {
    const MOST: f64 = 1e6;
    let (mut low, mut high) = (1.0, 2.0);
    while of(high) > level {
        (low, high) = (high, 2.0 * high);
        if high > MOST {
            return None;
        }
    }
    while high - low > 1e-3 * low {
        let middle = (low + high) / 2.0;
        match of(middle) > level {
            true => low = middle,
            false => high = middle,
        }
    }
    Some(high)
}
