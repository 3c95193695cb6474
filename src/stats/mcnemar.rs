//! McNemar's exact test: whether two classifiers differ, judged by the rows on which exactly one of them is right.

use serde::{Deserialize, Serialize};

/// Counts of the rows on which exactly one of two classifiers was right. Rows on which both or neither were right carry no
/// information about which is better and are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Discordant {
    /// Rows on which only the first was right.
    pub first: u64,
    /// Rows on which only the second was right.
    pub second: u64,
}

impl Discordant {
    pub fn update(&mut self, first_right: bool, second_right: bool) {
        self.first += u64::from(first_right && !second_right);
        self.second += u64::from(second_right && !first_right);
    }

    /// Two-sided exact p-value in [0, 1] of the hypothesis that neither is better: the smaller count is Binomial(n, ½), and
    /// since that is symmetric, p = min(1, 2·P(X ≤ smaller)). McNemar (Psychometrika 12, 1947), exact form, as in
    /// `statsmodels.stats.contingency_tables.mcnemar(exact=True)` and `scipy.stats.binomtest`. 1 without rows.
    pub fn p_value(&self) -> f64 {
        let n = self.first + self.second;
        let smaller = self.first.min(self.second);
        // The terms C(n, k)/2ⁿ for k from 0 on, relative to the last one: that is the largest, so that
        // the sum cannot underflow.
        let mut last = -(n as f64) * std::f64::consts::LN_2;
        for k in 0..smaller {
            last += ((n - k) as f64 / (k + 1) as f64).ln();
        }
        let (mut term, mut sum) = (1.0, 1.0);
        for k in (1..=smaller).rev() {
            term *= k as f64 / (n - k + 1) as f64;
            sum += term;
            if term < sum * f64::EPSILON {
                break;
            }
        }
        (2.0 * (last + f64::ln(sum)).exp()).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Discordant;
    use proptest::prelude::*;

    fn p(first: u64, second: u64) -> f64 {
        Discordant { first, second }.p_value()
    }

    #[test]
    fn counts_what_only_one_gets_right() {
        let mut counts = Discordant::default();
        for (first, second) in [
            (true, true),
            (true, false),
            (false, true),
            (true, false),
            (false, false),
        ] {
            counts.update(first, second);
        }
        assert_eq!(
            counts,
            Discordant {
                first: 2,
                second: 1
            }
        );
    }

    /// scipy 1.17.1 `binomtest(min(b, c), b + c, 0.5).pvalue`, statsmodels 0.15.0 `mcnemar(exact=True).pvalue`.
    #[test]
    fn as_scipy_and_statsmodels() {
        let table = [
            (0, 0, 1.0),
            (0, 1, 1.0),
            (1, 5, 0.21875),
            (10, 25, 0.016673847800120715),
            (30, 30, 1.0),
            (31, 30, 1.0),
            (121, 80, 0.004660051974640136),
            (3, 60, 9.048317650695026e-15),
            (1000, 1100, 0.03072070786424249),
            (40_000, 40_500, 0.07862036880511007),
            (0, 2000, 0.0),
        ];
        for (first, second, expected) in table {
            let p = p(first, second);
            assert!(
                (p - expected).abs() <= 1e-9 * expected,
                "{first}, {second}: {p} is not {expected}"
            );
        }
    }

    proptest! {
        #![proptest_config(crate::proptest_config())]
        #[test]
        fn is_symmetric_a_probability_and_falls_with_the_distance(a in 0u64..400, b in 0u64..400) {
            prop_assert_eq!(p(a, b), p(b, a));
            prop_assert!(p(a, b) > 0.0 && p(a, b) <= 1.0);
            let (less, more) = (a.min(b), a.max(b));
            prop_assert!(p(less, more + 1) <= p(less, more) + 1e-12);
        }
    }
}
