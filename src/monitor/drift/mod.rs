//! Two samples compared: figures, tests, one verdict.

mod change;
mod levels;
mod needed;
mod pair;

use std::cmp::Ordering;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::sample::{Column, Observed, Sample};
use crate::stats::two_sample::chi2::Chi2;
use crate::stats::two_sample::holm::holm;
use crate::stats::two_sample::ks::Ks;
use pair::{Measured, Pair};

/// Family-wise chance of a false alarm, unless somebody asks for another.
pub const LEVEL: f64 = 0.01;

/// What became of rows, beside a reference. Serialises as `drift --json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Drift {
    /// Whether any column drifted.
    pub drift: bool,
    /// How many rows there were.
    pub rows: Sides<u64>,
    /// Family-wise chance of a false alarm in this verdict, in (0, 1).
    pub level: f64,
    /// The columns both have, in the reference's order.
    pub columns: Vec<ColumnDrift>,
    /// Columns that could not be compared, by name.
    pub skipped: Vec<String>,
}

impl Drift {
    /// Whether the model's probabilities drifted.
    pub fn has_drifted_scores(&self) -> bool {
        self.scores().is_some_and(|scores| scores.drift)
    }

    /// Whether, held against this reference, the probabilities did not drift, or less surely than held against another.
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

/// A figure of either side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Sides<T> {
    pub reference: T,
    /// Of the rows compared with it.
    pub current: T,
}

/// One column of it. What is undefined (a column without values, without spread, of one level) is `None`, never NaN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ColumnDrift {
    pub name: String,
    pub kind: Kind,
    /// Kolmogorov–Smirnov, of numbers and scores, missing left out.
    pub ks: Option<Ks>,
    /// Pearson's χ² over all levels that occur, missing left out. The verdict's own test merges the rare ones.
    pub chi2: Option<Chi2>,
    /// Population stability index in nats, 0 or more, missing a bin of its own.
    pub psi: Option<f64>,
    /// Jensen–Shannon distance to base 2 on the same bins, in [0, 1].
    pub js: Option<f64>,
    /// Wasserstein distance in standard deviations of the reference, of numbers and scores.
    pub wasserstein: Option<f64>,
    /// Share of the rows without a value, in [0, 1]; none of no rows.
    pub missing: Sides<Option<f64>>,
    /// Every test the verdict rests on; the adjustment is over those of all columns together.
    pub tests: Vec<Tested>,
    /// The one with the smallest adjusted p-value; none where nothing could be tested.
    pub test: Option<Test>,
    pub p_adjusted: Option<f64>,
    /// Its effect: the share of rows, in [0, 1], that would have to change for the two sides to look alike to this test (the
    /// largest distance of the distribution functions; of levels, half the sum of the shares' differences).
    pub effect: Option<f64>,
    /// About how many rows of the current kind would make the difference certain, if it stays as it is. None where the
    /// column drifted, where there is no difference to speak of, and where no number of rows would do because the reference
    /// is too small.
    pub needed: Option<u64>,
    pub drift: bool,
    /// What changed, in words; none where nothing did. Levels that the reference never saw and a column gone blank are
    /// always named, also where they prove nothing.
    pub change: Option<String>,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Kind {
    Number,
    Category,
    Score,
}

/// A test, with what came out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tested {
    pub test: Test,
    pub p_value: f64,
    /// The same after Holm's adjustment over all tests of the verdict.
    pub p_adjusted: f64,
}

/// The tests a verdict may rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "DriftTest")]
pub enum Test {
    /// Kolmogorov–Smirnov on numbers and scores.
    Ks,
    /// Fisher's exact test on a category of two levels.
    Fisher,
    /// Pearson's χ² on a category of more, the rarest merged until every expected count is 5 or more.
    Chi2,
    /// Fisher's exact test on whether a value is missing.
    FisherMissing,
}

/// Compares rows with a reference, at a family-wise level in (0, 1).
///
/// The rule: Kolmogorov–Smirnov for each column of numbers and for the scores; Fisher's exact test for each category of two
/// levels and for the missing values of each column that has any; Pearson's χ² for all other categories, the rarest levels
/// merged. A column drifted where one of its tests stays at or below `level` after Holm's adjustment over all of them: with no
/// drift at all the chance of any alarm is `level` or less, at any number of rows. Fixed thresholds on PSI and the like are
/// noise in small windows, and none of this depends on them.
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

/// What all columns share.
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

impl Kind {
    /// Whether a column holds such.
    pub(super) fn is_of(self, observed: &Observed) -> bool {
        match observed {
            Observed::Number(_) => self == Kind::Number,
            Observed::Category(_) => self == Kind::Category,
            Observed::Score(_) => self == Kind::Score,
        }
    }
}

impl Test {
    /// What it is called.
    pub fn words(self) -> &'static str {
        match self {
            Test::Ks => "Kolmogorov–Smirnov",
            Test::Fisher => "Fisher",
            Test::Chi2 => "χ²",
            Test::FisherMissing => "Fisher, missing",
        }
    }
}
