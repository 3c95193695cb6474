//! Confidence intervals of one statistic at a single look.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::normal::normal_quantile;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    pub low: f64,
    /// Upper end, ≥ `low`.
    pub high: f64,
}

impl Interval {
    /// `value` ± as many standard errors as cover `confidence` (in (0, 1)) of the normal distribution. `None` if the error
    /// is 0: rows without spread do not show how far others would lie.
    pub fn normal(value: f64, error: f64, confidence: f64) -> Option<Interval> {
        let half = quantile(confidence) * error;
        (half > 0.0).then_some(Interval {
            low: value - half,
            high: value + half,
        })
    }

    /// Interval of a share, `part` of `whole` rows: Wilson's score interval ("Probable inference", JASA 22, 1927),
    /// recommended for small samples by Brown, Cai and DasGupta ("Interval estimation for a binomial proportion",
    /// Statistical Science 16, 2001). `None` without rows.
    pub fn wilson(part: u64, whole: u64, confidence: f64) -> Option<Interval> {
        let (n, z) = (whole as f64, quantile(confidence));
        let share = part as f64 / n;
        let middle = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
        let half =
            z / (1.0 + z * z / n) * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
        (whole > 0).then(|| {
            Interval {
                low: if part == 0 { 0.0 } else { middle - half },
                high: if part == whole { 1.0 } else { middle + half },
            }
            .within(0.0, 1.0)
        })
    }

    /// The interval clamped to the range of the statistic.
    pub fn within(self, lowest: f64, highest: f64) -> Interval {
        Interval {
            low: self.low.clamp(lowest, highest),
            high: self.high.clamp(lowest, highest),
        }
    }
}

/// The quantile of the normal distribution above which a share of (1 − `confidence`)/2 lies.
pub fn quantile(confidence: f64) -> f64 {
    normal_quantile(f64::midpoint(1.0, confidence))
}

#[cfg(test)]
mod tests {
    use super::Interval;

    /// scipy 1.17.1 `binomtest(part, whole).proportion_ci(0.95, method="wilson")`.
    #[test]
    fn wilson_as_scipy() {
        let table: [(u64, u64, f64, f64); 5] = [
            (0, 10, 0.0, 0.27753279986288926),
            (83, 100, 0.7445199523239887, 0.8910643388594006),
            (10, 10, 0.7224672001371109, 1.0),
            (1, 1, 0.20654931437723745, 1.0),
            (9000, 10000, 0.8939656314740893, 0.9057271698293695),
        ];
        for (part, whole, low, high) in table {
            let found = Interval::wilson(part, whole, 0.95).unwrap();
            assert!(
                (found.low - low).abs() < 1e-6 && (found.high - high).abs() < 1e-6,
                "{part} of {whole}: {found:?}"
            );
        }
        assert_eq!(Interval::wilson(0, 0, 0.95), None);
    }

    #[test]
    fn without_spread_there_is_none() {
        assert_eq!(Interval::normal(0.5, 0.0, 0.95), None);
        let found = Interval::normal(0.5, 0.1, 0.95).unwrap();
        assert!((found.low - 0.304003601545995).abs() < 1e-7);
        assert!((found.high - 0.695996398454005).abs() < 1e-7);
        assert_eq!(
            Interval::normal(0.99, 0.1, 0.95)
                .unwrap()
                .within(0.0, 1.0)
                .high,
            1.0
        );
    }
}
