//! The profile of a numeric column: counts, moments and a sorted sample.

use serde::{Deserialize, Serialize};

use crate::stats::moments::Moments;

/// Maximum size of the sample. With 10,000 values, the sample's distribution is within 1e-4 of the whole column's at every
/// point, far below what windows of some hundred rows can resolve, and a column takes 80 kB.
pub const MAX_SAMPLE: usize = 10_000;

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NumberProfile {
    pub rows: u64,
    /// Rows without a finite value.
    pub missing: u64,
    /// The values in ascending order. If there were more than [`MAX_SAMPLE`], that many of them, spaced evenly by rank,
    /// including minimum and maximum.
    pub sample: Vec<f64>,
    /// Mean over all values. This field and the next three are `None` if there are no values.
    pub mean: Option<f64>,
    /// Population standard deviation over all values.
    pub sd: Option<f64>,
    pub min: Option<f64>,
    pub max: Option<f64>,
}

impl NumberProfile {
    /// The profile of values in any order, `None` where missing; NaN and infinities count as missing.
    pub fn of(values: impl IntoIterator<Item = Option<f64>>) -> NumberProfile {
        let (mut rows, mut sorted) = (0, Vec::new());
        for value in values {
            rows += 1;
            sorted.extend(value.filter(|value| value.is_finite()));
        }
        sorted.sort_unstable_by(f64::total_cmp);
        let (mean, sd) = mean_and_sd(&sorted);
        NumberProfile {
            rows,
            missing: rows - sorted.len() as u64,
            mean,
            sd,
            min: sorted.first().copied(),
            max: sorted.last().copied(),
            sample: thin(sorted),
        }
    }

    /// Rows with a value.
    pub fn present(&self) -> u64 {
        self.rows.saturating_sub(self.missing)
    }

    pub(super) fn check(&self) -> Result<(), &'static str> {
        if self.missing > self.rows {
            return Err("more values missing than rows");
        }
        if self.sample.len() as u64 != self.present().min(MAX_SAMPLE as u64) {
            return Err("the sample has not the size the counts ask for");
        }
        if !self.sample.iter().all(|value| value.is_finite()) || !self.sample.is_sorted() {
            return Err("the sample is not finite and ascending");
        }
        if (self.min, self.max) != (self.sample.first().copied(), self.sample.last().copied()) {
            return Err("the extremes are not the ends of the sample");
        }
        let sound = |value: Option<f64>, least: f64| match value {
            Some(value) => self.present() > 0 && value.is_finite() && value >= least,
            None => self.present() == 0,
        };
        if sound(self.mean, f64::MIN) && sound(self.sd, 0.0) {
            Ok(())
        } else {
            Err("mean or deviation is missing or impossible")
        }
    }
}

/// Mean and population standard deviation. Squares overflow long before the values do, so that enormous values are scaled
/// down first; neither result can exceed the largest absolute value.
fn mean_and_sd(values: &[f64]) -> (Option<f64>, Option<f64>) {
    const ENORMOUS: f64 = 1e140; // 10,000 billion squares of it still fit
    let reach = values.iter().fold(0.0, |reach: f64, v| reach.max(v.abs()));
    let unit = (reach / ENORMOUS).max(1.0);
    let moments: Moments = values.iter().map(|v| v / unit).collect();
    let back = |figure: Option<f64>| figure.map(|v| (v * unit).clamp(f64::MIN, f64::MAX));
    (back(moments.mean()), back(moments.population_sd()))
}

/// Selects [`MAX_SAMPLE`] values: those of rank i·(n − 1)/(MAX_SAMPLE − 1), rounded.
fn thin(sorted: Vec<f64>) -> Vec<f64> {
    if sorted.len() <= MAX_SAMPLE {
        return sorted;
    }
    let (last, steps) = (sorted.len() as u128 - 1, MAX_SAMPLE as u128 - 1);
    (0..=steps)
        .map(|i| sorted[((i * last + steps / 2) / steps) as usize])
        .collect()
}
