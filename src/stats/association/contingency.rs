//! Tables of counts of two categories, and the association that they show.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::{CONFIDENCE, Measured};
use crate::stats::interval::{Interval, quantile};
use crate::stats::quantile::quantile as quantile_of;

/// Pairs of codes up to which all are counted in one array.
const DENSE: usize = 4_096;

/// Code of a row without a value.
pub const MISSING: u32 = u32::MAX;

/// Counts of the pairs of codes that occur.
#[derive(Clone, Debug)]
pub struct Contingency {
    /// The occurring pairs with their counts, in order of the codes.
    cells: Vec<((u32, u32), f64)>,
    /// Counts of each code of either side.
    rows: Vec<f64>,
    columns: Vec<f64>,
    total: f64,
}

/// Cramér's V.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CramersV {
    /// Corrected for bias.
    pub corrected: Measured,
    pub uncorrected: f64,
}

impl Contingency {
    /// Counts of two columns of codes; rows with [`MISSING`] are left out.
    pub fn of(a: &[u32], b: &[u32]) -> Contingency {
        let known = || {
            let both = a.iter().zip(b);
            both.filter(|(x, y)| **x != MISSING && **y != MISSING)
        };
        let (high, wide) = known().fold((0, 0), |(high, wide), (x, y)| {
            (high.max(*x as usize + 1), wide.max(*y as usize + 1))
        });
        let mut cells: Vec<((u32, u32), f64)> = Vec::new();
        if high.saturating_mul(wide) <= DENSE {
            let mut counts = vec![0_u32; high * wide];
            known().for_each(|(x, y)| counts[*x as usize * wide + *y as usize] += 1);
            for (at, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                let pair = ((at / wide) as u32, (at % wide) as u32);
                cells.push((pair, f64::from(*count)));
            }
        } else {
            let mut counts: FxHashMap<(u32, u32), u32> = FxHashMap::default();
            known().for_each(|(x, y)| *counts.entry((*x, *y)).or_default() += 1);
            cells.extend(counts.into_iter().map(|(pair, n)| (pair, f64::from(n))));
            cells.sort_unstable_by_key(|(pair, _)| *pair);
        }
        let (mut rows, mut columns) = (vec![0.0; high], vec![0.0; wide]);
        let mut total = 0.0;
        for ((x, y), count) in &cells {
            rows[*x as usize] += count;
            columns[*y as usize] += count;
            total += count;
        }
        Contingency {
            cells,
            rows,
            columns,
            total,
        }
    }

    /// The occurring pairs with their count and the count expected without association.
    fn observed(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.cells.iter().map(|((x, y), count)| {
            let expected = self.rows[*x as usize] * self.columns[*y as usize] / self.total;
            (*count, expected)
        })
    }

    /// Pearson's χ² without continuity correction.
    pub fn chi2(&self) -> f64 {
        // A pair that does not occur adds its expected count.
        let (sum, met) = self
            .observed()
            .fold((0.0, 0.0), |(sum, met), (observed, expected)| {
                let off = observed - expected;
                (sum + off * off / expected, met + expected)
            });
        sum + (self.total - met).max(0.0)
    }

    /// Degrees of freedom of χ².
    pub fn freedom(&self) -> f64 {
        let (r, c) = self.levels();
        (r - 1.0).max(0.0) * (c - 1.0).max(0.0)
    }

    /// Levels of either side that occur.
    fn levels(&self) -> (f64, f64) {
        let met = |counts: &[f64]| counts.iter().filter(|n| **n > 0.0).count() as f64;
        (met(&self.rows), met(&self.columns))
    }

    /// Cramér's V, corrected for bias after Bergsma (Journal of the Korean Statistical Society 42, 2013) and uncorrected.
    ///
    /// The interval inverts the noncentral χ² distribution (Smithson, Confidence Intervals, 2003) and divides by what the
    /// corrected V divides by. `None` if either column has one level, or if there are so many levels that nothing is left
    /// to correct.
    pub fn cramers_v(&self) -> Option<CramersV> {
        let ((r, c), n) = (self.levels(), self.total);
        if r < 2.0 || c < 2.0 || n < 2.0 {
            return None;
        }
        let (chi2, freedom) = (self.chi2(), self.freedom());
        let fewer = |k: f64| k - (k - 1.0).powi(2) / (n - 1.0);
        let scale = (fewer(r) - 1.0).min(fewer(c) - 1.0);
        if scale < 1e-9 {
            return None;
        }
        let v = |phi2: f64| (phi2.max(0.0) / scale).sqrt().min(1.0);
        let (low, high) = noncentrality(chi2, freedom);
        Some(CramersV {
            corrected: Measured {
                value: v(chi2 / n - freedom / (n - 1.0)),
                interval: Some(Interval {
                    low: v(low / n),
                    high: v(high / n),
                }),
                rows: n as usize,
            },
            uncorrected: (chi2 / n / (r - 1.0).min(c - 1.0)).sqrt().min(1.0),
        })
    }

    /// The table with all levels of fewer than `least` rows of a side as one level.
    pub fn pooled(&self, least: f64) -> Contingency {
        let pool = |counts: &[f64], code: u32| match counts[code as usize] < least {
            true => counts.len() as u32,
            false => code,
        };
        let mut cells: BTreeMap<(u32, u32), f64> = BTreeMap::new();
        let mut rows = vec![0.0; self.rows.len() + 1];
        let mut columns = vec![0.0; self.columns.len() + 1];
        for ((x, y), count) in &self.cells {
            let pair = (pool(&self.rows, *x), pool(&self.columns, *y));
            *cells.entry(pair).or_default() += count;
            rows[pair.0 as usize] += count;
            columns[pair.1 as usize] += count;
        }
        Contingency {
            cells: cells.into_iter().collect(),
            rows,
            columns,
            total: self.total,
        }
    }

    /// Mutual information of the counts in nats. The interval is that of the delta method: the mean of ln p(x, y)/(p(x)p(y))
    /// with its standard error. `None` without rows.
    pub fn mutual_information(&self) -> Option<Measured> {
        if self.total < 1.0 {
            return None;
        }
        let gain =
            |(observed, expected): (f64, f64)| (observed / self.total, (observed / expected).ln());
        let mean: f64 = self.observed().map(gain).map(|(p, g)| p * g).sum();
        let square: f64 = self.observed().map(gain).map(|(p, g)| p * g * g).sum();
        let error = ((square - mean * mean).max(0.0) / self.total).sqrt();
        let interval = Interval::normal(mean, error, CONFIDENCE);
        Some(Measured {
            value: mean.max(0.0),
            interval: interval.map(|i| i.within(0.0, f64::INFINITY)),
            rows: self.total as usize,
        })
    }
}

/// Codes of numbers by intervals of equally many rows, as `pandas.qcut(values, bins, duplicates="drop")`.
pub fn binned(values: &[f64], sorted: &[f64], bins: u32) -> Vec<u32> {
    let edge = |i: u32| quantile_of(sorted, f64::from(i) / f64::from(bins));
    let mut edges: Vec<f64> = (0..=bins).filter_map(edge).collect();
    edges.dedup();
    let inner = match edges.len() {
        0..=2 => &[],
        more => &edges[1..more - 1],
    };
    let code = |value: &f64| match value.is_finite() {
        true => inner.partition_point(|edge| edge < value) as u32,
        false => MISSING,
    };
    values.iter().map(code).collect()
}

/// The noncentralities at which the observed χ² is the upper and the lower quantile of its distribution.
fn noncentrality(chi2: f64, freedom: f64) -> (f64, f64) {
    let z = quantile(CONFIDENCE);
    // The score falls as the noncentrality rises.
    let at = |wanted: f64| {
        let mut high = chi2 + 10.0 * z * (chi2 + freedom).sqrt() + 10.0 * z * z;
        let mut low = 0.0;
        if score(chi2, freedom, low) <= wanted {
            return 0.0;
        }
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            match score(chi2, freedom, middle) > wanted {
                true => low = middle,
                false => high = middle,
            }
        }
        f64::midpoint(low, high)
    };
    (at(z), at(-z))
}

/// Normal score of a noncentral χ² value by Sankaran's approximation (Biometrika 50, 1963), good to about 1e-3.
fn score(x: f64, freedom: f64, noncentrality: f64) -> f64 {
    let (k, l) = (freedom, noncentrality);
    let h = 1.0 - 2.0 / 3.0 * (k + l) * (k + 3.0 * l) / (k + 2.0 * l).powi(2);
    let p = (k + 2.0 * l) / (k + l).powi(2);
    let m = (h - 1.0) * (1.0 - 3.0 * h);
    let mean = 1.0 + h * p * (h - 1.0 - 0.5 * (2.0 - h) * m * p);
    ((x / (k + l)).powf(h) - mean) / (h * (2.0 * p).sqrt() * (1.0 + 0.5 * m * p))
}

#[cfg(test)]
pub(super) fn score_of(x: f64, freedom: f64, noncentrality: f64) -> f64 {
    score(x, freedom, noncentrality)
}
