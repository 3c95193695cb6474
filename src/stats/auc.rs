//! Area under the ROC curve by ranks, ties counted half, and its standard error.

/// Area and standard error of rows in ascending order of probability; `None` unless both outcomes occur.
///
/// The area is exact (whole half-points, one division). The error is that of DeLong, DeLong, Clarke-Pearson
/// (Biometrics 44, 1988), from placements counted in one pass over the sorted rows in the manner of Sun and Xu (IEEE
/// Signal Processing Letters 21, 2014); `None` unless both outcomes occur twice.
pub(super) fn auc(sorted: &[(f64, bool)]) -> Option<(f64, Option<f64>)> {
    let positives = sorted.iter().filter(|row| row.1).count() as u64;
    let negatives = sorted.len() as u64 - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    let ties = ties(sorted);
    let wins = ties
        .iter()
        .map(|tie| u128::from(tie.positives) * u128::from(tie.beaten))
        .sum::<u128>();
    let (m, n) = (positives as f64, negatives as f64);
    let area = wins as f64 / (2.0 * m * n);
    // The placement of a positive is the share of negatives below it; that of a negative, the share of positives above it.
    let (mut over, mut under) = (0.0, 0.0);
    for tie in &ties {
        over += tie.positives as f64 * (tie.beaten as f64 / (2.0 * n) - area).powi(2);
        let beating = 2 * (positives - tie.passed) - tie.positives;
        under += tie.negatives as f64 * (beating as f64 / (2.0 * m) - area).powi(2);
    }
    let error = || (over / (m - 1.0) / m + under / (n - 1.0) / n).sqrt();
    Some((area, (positives > 1 && negatives > 1).then(error)))
}

/// Area under the ROC curve of any numbers, sorted here; `None` unless both outcomes occur.
pub fn area(rows: &mut [(f64, bool)]) -> Option<f64> {
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    auc(rows).map(|(area, _)| area)
}

/// Rows with the same probability.
#[derive(Default)]
struct Tie {
    positives: u64,
    negatives: u64,
    /// Half-points each positive here wins: two for a negative below, one for a negative in the tie.
    beaten: u64,
    passed: u64,
}

fn ties(sorted: &[(f64, bool)]) -> Vec<Tie> {
    let (mut positives, mut negatives) = (0, 0);
    let tie = |rows: &[(f64, bool)]| {
        let won = rows.iter().filter(|row| row.1).count() as u64;
        let lost = rows.len() as u64 - won;
        let tie = Tie {
            positives: won,
            negatives: lost,
            beaten: 2 * negatives + lost,
            passed: positives,
        };
        positives += won;
        negatives += lost;
        tie
    };
    sorted.chunk_by(|a, b| a.0 == b.0).map(tie).collect()
}

#[cfg(test)]
mod tests {
    use super::auc;
    use proptest::prelude::*;

    /// Area and DeLong's error, computed from all pairs.
    fn brute(rows: &[(f64, bool)]) -> (f64, f64) {
        let of = |outcome| {
            rows.iter()
                .filter(move |row| row.1 == outcome)
                .map(|row| row.0)
                .collect::<Vec<f64>>()
        };
        let (up, down) = (of(true), of(false));
        let win = |a: f64, b: f64| {
            if a > b {
                1.0
            } else if a == b {
                0.5
            } else {
                0.0
            }
        };
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let over = up
            .iter()
            .map(|a| mean(&down.iter().map(|b| win(*a, *b)).collect::<Vec<f64>>()))
            .collect::<Vec<f64>>();
        let under = down
            .iter()
            .map(|b| mean(&up.iter().map(|a| win(*a, *b)).collect::<Vec<f64>>()))
            .collect::<Vec<f64>>();
        let part = |values: &[f64]| {
            let n = values.len() as f64;
            values
                .iter()
                .map(|v| (v - mean(values)).powi(2))
                .sum::<f64>()
                / (n - 1.0)
                / n
        };
        (mean(&over), (part(&over) + part(&under)).sqrt())
    }

    proptest! {
        #![proptest_config(crate::proptest_config())]
        #[test]
        fn ranks_count_what_pairs_count(
            mut rows in prop::collection::vec(((0u8..12).prop_map(|p| f64::from(p) / 12.0), any::<bool>()), 4..60),
        ) {
            let positives = rows.iter().filter(|row| row.1).count();
            prop_assume!(positives > 1 && rows.len() - positives > 1);
            rows.sort_by(|a, b| a.0.total_cmp(&b.0));
            let (area, error) = auc(&rows).unwrap();
            let (expected, expected_error) = brute(&rows);
            prop_assert!((area - expected).abs() < 1e-12);
            prop_assert!((error.unwrap() - expected_error).abs() < 1e-12);
        }
    }

    #[test]
    fn few_rows() {
        assert_eq!(auc(&[]), None);
        assert_eq!(auc(&[(0.1, true), (0.2, true)]), None);
        assert_eq!(auc(&[(0.1, false), (0.2, true)]), Some((1.0, None)));
        assert_eq!(auc(&[(0.1, false), (0.1, true)]), Some((0.5, None)));
    }
}
