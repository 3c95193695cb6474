//! Compares the bounds with scipy, and checks their properties.
//!
//! ```python
//! l = lambda p: -np.log(np.where(y, p, 1 - p)); d = l(p) - l(q)
//! stats.ttest_rel(l(p), l(q)).confidence_interval(0.8)                                # seen
//! lost = max(np.log(p / q).max(), np.log((1 - p) / (1 - q)).max()); d.mean() - np.log(10) * lost / len(d)    # unseen
//! ((norm.ppf(0.9) + norm.ppf(0.8)) * d.std(ddof=1) / 0.02) ** 2
//! ```

use proptest::prelude::*;

use super::Difference;

const P: [f64; 12] = [
    0.9, 0.2, 0.65, 0.4, 0.75, 0.1, 0.55, 0.3, 0.8, 0.05, 0.6, 0.45,
];
const Q: [f64; 12] = [
    0.85, 0.1, 0.7, 0.3, 0.8, 0.15, 0.6, 0.35, 0.9, 0.1, 0.4, 0.2,
];
const Y: [u8; 12] = [1, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 1];

fn of(rows: impl IntoIterator<Item = (bool, f64, f64)>) -> Difference {
    let mut difference = Difference::default();
    rows.into_iter()
        .for_each(|(y, p, q)| difference.update(y, p, q));
    difference
}

fn stored() -> Difference {
    of((0..12).map(|i| (Y[i] == 1, P[i], Q[i])))
}

/// scipy 1.17.1, numpy 2.4.6. With so few rows the bound for the unseen is the wider one.
#[test]
fn as_scipy() {
    let difference = stored();
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    let (first, second) = difference.losses().unwrap();
    close(first, 0.3668423333985096);
    close(second, 0.454201261452964);
    close(difference.mean().unwrap(), -0.0873589280544544);
    let (low, high) = difference.bounds(0.1).unwrap();
    close(low, -0.2429619136643008);
    close(high, 0.04564360237956079);
    assert_eq!(difference.rows_to_show(0.02, 0.1, 0.8), Some(841));
}

/// The same rows a hundred times, so that the bound from the observed spread is the wider one. scipy 1.17.1
/// on the tiled losses, `stats.ttest_rel` as above, the lower bound less `-stats.skew(d) * (2 * t**2 + 1) /
/// (6 * np.sqrt(n)) * stats.sem(d)`.
#[test]
fn with_many_rows_the_spread_bounds() {
    let difference = of((0..1200).map(|i| (Y[i % 12] == 1, P[i % 12], Q[i % 12])));
    let (low, high) = difference.bounds(0.1).unwrap();
    let (expected_low, expected_high) = (-0.09731164287693707, -0.07767630763759062);
    assert!(
        (low - expected_low).abs() < 1e-8 && (high - expected_high).abs() < 1e-8,
        "{low} {high}"
    );
}

#[test]
fn few_rows() {
    assert_eq!(
        (of([]).mean(), of([]).bounds(0.05), of([]).losses()),
        (None, None, None)
    );
    let one = of([(true, 0.5, 0.8)]);
    assert_eq!(
        (one.bounds(0.05), one.rows_to_show(0.1, 0.05, 0.8)),
        (None, None)
    );
}

#[test]
fn a_probability_of_nothing_is_clipped_as_everywhere() {
    let (first, _) = of([(true, 0.0, 0.5)]).losses().unwrap();
    assert_eq!(first, -f64::EPSILON.ln());
}

#[test]
fn equal_answers_differ_by_nothing() {
    let same = of((0..100).map(|i| (i % 3 == 0, 0.4, 0.4)));
    assert_eq!(same.bounds(0.05), Some((0.0, 0.0)));
}

proptest! {
    #![proptest_config(crate::proptest_config())]
    #[test]
    fn the_bounds_hold_the_mean_and_change_sides_with_the_models(
        rows in prop::collection::vec((any::<bool>(), 0.0..=1.0, 0.0..=1.0), 2..100),
        level in 0.001..0.4,
    ) {
        let there = of(rows.iter().copied());
        let back = of(rows.iter().map(|(y, p, q)| (*y, *q, *p)));
        let ((low, high), mean) = (there.bounds(level).unwrap(), there.mean().unwrap());
        let (back_low, back_high) = back.bounds(level).unwrap();
        prop_assert!(low <= mean && mean <= high);
        prop_assert!((low + back_high).abs() < 1e-9 && (high + back_low).abs() < 1e-9);
    }
}
