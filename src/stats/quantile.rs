//! Quantiles by linear interpolation, NumPy's default (type 7 of Hyndman and Fan, 1996).

/// Quantile `q`, clamped to [0, 1], of numbers in ascending order; `None` without numbers.
pub fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = q.clamp(0.0, 1.0) * last as f64;
    let below = at.floor() as usize;
    let (low, high) = (sorted[below], sorted[last.min(below + 1)]);
    Some(between(low, high, at - below as f64))
}

/// Median of numbers in ascending order; `None` without numbers.
pub fn median(sorted: &[f64]) -> Option<f64> {
    quantile(sorted, 0.5)
}

/// Interpolates like NumPy's `_lerp`, which starts from the nearer end, so that results agree to the bit.
pub(super) fn between(low: f64, high: f64, share: f64) -> f64 {
    let distance = high - low;
    if share >= 0.5 {
        high - distance * (1.0 - share)
    } else {
        low + distance * share
    }
}

#[cfg(test)]
mod tests {
    use super::{median, quantile};
    use proptest::prelude::*;

    /// numpy 2.4.6: `np.quantile([3, 1, 4, 1.5, 9.25, 2, 6], q)`.
    #[test]
    fn as_numpy() {
        let sorted = [1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 9.25];
        let table = [
            (0.0, 1.0),
            (0.1, 1.3),
            (0.25, 1.75),
            (1.0 / 3.0, 2.0),
            (0.5, 3.0),
            (0.9, 7.300000000000001),
            (1.0, 9.25),
        ];
        for (q, value) in table {
            assert_eq!(quantile(&sorted, q), Some(value), "{q}");
        }
        assert_eq!(median(&sorted[..6]), Some(2.5));
    }

    #[test]
    fn ends() {
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[7.0], 0.3), Some(7.0));
        assert_eq!(
            (quantile(&[1.0, 2.0], -1.0), quantile(&[1.0, 2.0], 2.0)),
            (Some(1.0), Some(2.0))
        );
    }

    proptest! {
        #![proptest_config(crate::proptest_config())]
        #[test]
        fn rises_with_q_and_stays_inside(
            mut values in prop::collection::vec(-1e6..1e6, 1..40),
            a in 0.0..1.0,
            b in 0.0..1.0,
        ) {
            values.sort_by(f64::total_cmp);
            let (low, high) = (quantile(&values, f64::min(a, b)).unwrap(), quantile(&values, f64::max(a, b)).unwrap());
            prop_assert!(values[0] <= low && low <= high && high <= values[values.len() - 1]);
        }
    }
}
