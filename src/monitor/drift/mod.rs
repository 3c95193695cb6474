//! Comparison of two samples: statistics, tests and one verdict.

mod change;
mod column;
mod levels;
mod needed;
mod pair;

use std::cmp::Ordering;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sample::{Column, Sample};
use crate::stats::two_sample::holm::holm;
pub use column::{ColumnDrift, Kind, Sides, Test, Tested};
use pair::{Measured, Pair};

/// Default family-wise false alarm rate.
pub const LEVEL: f64 = 0.01;

/// Result of comparing rows with a reference. Serialises as `drift --json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Drift {
    pub drift: bool,
    /// Number of rows on each side.
    pub rows: Sides<u64>,
    /// Family-wise false alarm rate of this verdict, in (0, 1).
    pub level: f64,
    /// The columns that both sides have, in the reference's order.
    pub columns: Vec<ColumnDrift>,
    /// Names of columns that could not be compared.
    pub skipped: Vec<String>,
}

impl Drift {
    pub fn has_drifted_scores(&self) -> bool {
        self.scores().is_some_and(|scores| scores.drift)
    }

    /// Whether the probabilities are closer to this reference than to that of `other`: they did not drift here, or
    /// with a larger p-value.
    pub fn has_nearer_scores(&self, other: &Drift) -> bool {
        let p = |drift: &Drift| {
            let scores = drift.scores().filter(|scores| scores.drift)?;
            scores.p_adjusted
        };
        p(self).is_none_or(|p_self| p(other).is_some_and(|p_other| p_self > p_other))
    }

    fn scores(&self) -> Option<&ColumnDrift> {
        self.columns.iter().find(|c| c.kind == Kind::Score)
    }
}

/// Compares rows with a reference at a family-wise level in (0, 1).
///
/// Tests: Kolmogorov–Smirnov for each numeric column and for the scores; Fisher's exact test for each category of two levels
/// and for the missing values of each column that has any; Pearson's χ² for all other categories, with the rarest levels
/// merged. A column drifted if the p-value of one of its tests is at most `level` after Holm's adjustment over all tests:
/// without drift, the probability of any alarm is at most `level`, at any number of rows. Fixed thresholds on the PSI and
/// similar measures react to noise in small windows, so the verdict does not use them.
pub fn compare(reference: &Sample, current: &Sample, level: f64) -> Drift {
    let twin = |column: &Column| current.columns.iter().find(|c| column.is_like(c));
    let pairs = reference.columns.iter().filter_map(|c| Some((c, twin(c)?)));
    let pairs: Vec<Pair<'_>> = pairs.filter_map(|(a, b)| Pair::new(a, b)).collect();
    let measured: Vec<Vec<Measured>> = pairs.iter().map(Pair::tests).collect();
    let p_values: Vec<f64> = measured.iter().flatten().map(|m| m.p_value).collect();
    let verdict = Verdict {
        level,
        tests: p_values.len(),
    };
    let mut adjusted = holm(&p_values).into_iter();
    let columns: Vec<ColumnDrift> = pairs
        .iter()
        .zip(&measured)
        .map(|(pair, measured)| {
            let adjusted = adjusted.by_ref().take(measured.len()).collect();
            verdict.on(pair, measured, adjusted)
        })
        .collect();
    let compared = |c: &&Column| !columns.iter().any(|done| done.name == c.name);
    let mut skipped: Vec<String> = Vec::new();
    for column in reference.columns.iter().chain(&current.columns) {
        if compared(&column) && !skipped.contains(&column.name) {
            skipped.push(column.name.clone());
        }
    }
    Drift {
        drift: columns.iter().any(|c| c.drift),
        rows: Sides {
            reference: reference.rows,
            current: current.rows,
        },
        level,
        columns,
        skipped,
    }
}

/// The parameters that all columns of a verdict share.
struct Verdict {
    level: f64,
    tests: usize,
}

impl Verdict {
    fn on(&self, pair: &Pair<'_>, measured: &[Measured], adjusted: Vec<f64>) -> ColumnDrift {
        let tested = |(m, p_adjusted): (&Measured, &f64)| Tested {
            test: m.test,
            p_value: m.p_value,
            p_adjusted: *p_adjusted,
        };
        let tests: Vec<Tested> = measured.iter().zip(&adjusted).map(tested).collect();
        let order = |a: &usize, b: &usize| {
            let key = |i: usize| (tests[i].p_adjusted, tests[i].p_value);
            key(*a).partial_cmp(&key(*b)).unwrap_or(Ordering::Equal)
        };
        let leading = (0..tests.len()).min_by(order);
        let drift = leading.is_some_and(|i| tests[i].p_adjusted <= self.level);
        let needed = |i: usize| needed::rows(pair, &measured[i], self.level / self.tests as f64);
        let proven: Vec<Test> = tests
            .iter()
            .filter(|t| t.p_adjusted <= self.level)
            .map(|t| t.test)
            .collect();
        let figures = pair.figures();
        ColumnDrift {
            name: pair.name.to_owned(),
            kind: pair.kind,
            ks: figures.ks,
            chi2: figures.chi2,
            psi: figures.psi,
            js: figures.js,
            wasserstein: figures.wasserstein,
            missing: pair.missing_shares(),
            test: leading.map(|i| tests[i].test),
            p_adjusted: leading.map(|i| tests[i].p_adjusted),
            effect: leading.map(|i| measured[i].effect),
            needed: leading.filter(|_| !drift).and_then(needed),
            drift,
            change: change::of(pair, &proven),
            tests,
        }
    }
}
