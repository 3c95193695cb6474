//! Mean and standard deviation in one pass: Welford (1962), merged by Chan, Golub, LeVeque (1979).

use serde::{Deserialize, Serialize};

/// Accumulator of the mean and the spread of finite numbers.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Moments {
    count: u64,
    mean: f64,
    /// Sum of squared distances from the mean.
    squares: f64,
}

impl Moments {
    pub fn update(&mut self, value: f64) {
        self.count += 1;
        let before = value - self.mean;
        self.mean += before / self.count as f64;
        self.squares += before * (value - self.mean);
    }

    /// Adds all values that `other` has accumulated.
    pub fn merge(&mut self, other: &Moments) {
        if other.count == 0 {
            return;
        }
        let (ours, theirs) = (self.count as f64, other.count as f64);
        let apart = other.mean - self.mean;
        self.count += other.count;
        self.mean += apart * theirs / (ours + theirs);
        self.squares += other.squares + apart * apart * ours * theirs / (ours + theirs);
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// Mean; `None` without values.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then_some(self.mean)
    }

    /// Standard deviation of the values as a whole population (divisor n); `None` without values.
    pub fn population_sd(&self) -> Option<f64> {
        (self.count > 0).then(|| (self.squares / self.count as f64).sqrt())
    }

    /// Standard deviation estimated from a sample (divisor n − 1); `None` with fewer than two values.
    pub fn sample_sd(&self) -> Option<f64> {
        (self.count > 1).then(|| (self.squares / (self.count - 1) as f64).sqrt())
    }

    /// Standard error of the mean, sample standard deviation / √n; `None` with fewer than two values.
    pub fn standard_error(&self) -> Option<f64> {
        self.sample_sd().map(|sd| sd / (self.count as f64).sqrt())
    }
}

impl FromIterator<f64> for Moments {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Moments {
        let mut moments = Moments::default();
        values.into_iter().for_each(|value| moments.update(value));
        moments
    }
}

#[cfg(test)]
mod tests {
    use super::Moments;
    use proptest::prelude::*;

    /// numpy 2.4.6: `np.mean(w)`, `np.std(w)`, `np.std(w, ddof=1)`.
    #[test]
    fn as_numpy() {
        let moments: Moments = [3.0, 1.0, 4.0, 1.5, 9.25, 2.0, 6.0].into_iter().collect();
        assert!((moments.mean().unwrap() - 3.8214285714285716).abs() < 1e-14);
        assert!((moments.population_sd().unwrap() - 2.714755598425699).abs() < 1e-14);
        assert!((moments.sample_sd().unwrap() - 2.932271182158002).abs() < 1e-14);
        assert!(
            (moments.standard_error().unwrap() - 2.932271182158002 / 7f64.sqrt()).abs() < 1e-14
        );
    }

    #[test]
    fn undefined_is_none() {
        let none = Moments::default();
        assert_eq!(
            (none.mean(), none.population_sd(), none.sample_sd()),
            (None, None, None)
        );
        let one: Moments = [2.5].into_iter().collect();
        assert_eq!(
            (one.mean(), one.population_sd(), one.sample_sd()),
            (Some(2.5), Some(0.0), None)
        );
    }

    proptest! {
        #![proptest_config(crate::proptest_config())]
        #[test]
        fn merged_is_all_at_once(
            a in prop::collection::vec(-1e3..1e3, 0..50),
            b in prop::collection::vec(-1e3..1e3, 0..50),
        ) {
            let mut merged: Moments = a.iter().copied().collect();
            merged.merge(&b.iter().copied().collect());
            let whole: Moments = a.iter().chain(&b).copied().collect();
            prop_assert_eq!(merged.count(), whole.count());
            for (x, y) in [(merged.mean(), whole.mean()), (merged.population_sd(), whole.population_sd())] {
                prop_assert_eq!(x.is_some(), y.is_some());
                prop_assert!((x.unwrap_or(0.0) - y.unwrap_or(0.0)).abs() < 1e-9);
            }
        }
    }
}
