//! One column of a comparison: its statistics, its tests and its outcome.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::monitor::sample::Observed;
use crate::stats::two_sample::chi2::Chi2;
use crate::stats::two_sample::ks::Ks;

/// A statistic of both sides of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Sides<T> {
    pub reference: T,
    /// Of the rows compared with the reference.
    pub current: T,
}

/// The comparison of one column. A statistic that is undefined (no values, no variance, a single level) is `None`, never NaN.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ColumnDrift {
    pub name: String,
    pub kind: Kind,
    /// Kolmogorov–Smirnov test of numbers and scores, without missing values.
    pub ks: Option<Ks>,
    /// Pearson's χ² test over all levels that occur, without missing values. The verdict's own test merges rare levels.
    pub chi2: Option<Chi2>,
    /// Population stability index in nats, ≥ 0; missing values have their own bin.
    pub psi: Option<f64>,
    /// Jensen–Shannon distance to base 2 over the same bins, in [0, 1].
    pub js: Option<f64>,
    /// Wasserstein distance of numbers and scores, in standard deviations of the reference.
    pub wasserstein: Option<f64>,
    /// Share of rows without a value, in [0, 1]; `None` if there are no rows.
    pub missing: Sides<Option<f64>>,
    /// The tests that the verdict rests on; p-values are adjusted over the tests of all columns.
    pub tests: Vec<Tested>,
    /// The test with the smallest adjusted p-value; `None` if nothing could be tested.
    pub test: Option<Test>,
    pub p_adjusted: Option<f64>,
    /// Effect size of `test`: the share of rows, in [0, 1], that would have to change for the two sides to look alike to
    /// this test. For numbers it is the largest distance of the distribution functions; for levels, half the sum of the
    /// absolute differences of the shares.
    pub effect: Option<f64>,
    /// Approximate number of current rows at which the difference would become significant if it persists. `None` if the
    /// column drifted, if there is no noticeable difference, or if the reference is too small for any number of rows.
    pub needed: Option<u64>,
    pub drift: bool,
    /// Description of the change; `None` if nothing changed. Levels that the reference does not have and a column that has
    /// become blank are always named, even if they are not significant.
    pub change: Option<String>,
}

/// The kind of values in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Kind {
    Number,
    Category,
    Score,
}

/// A test with its p-values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tested {
    pub test: Test,
    pub p_value: f64,
    /// The p-value after Holm's adjustment over all tests of the verdict.
    pub p_adjusted: f64,
}

/// The tests that a verdict may rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "DriftTest")]
pub enum Test {
    /// Kolmogorov–Smirnov on numbers and scores.
    Ks,
    /// Fisher's exact test on a category with two levels.
    Fisher,
    /// Pearson's χ² on a category with more levels, where the rarest are merged until every expected count is at least 5.
    Chi2,
    /// Fisher's exact test on whether a value is missing.
    FisherMissing,
}

impl Kind {
    /// Whether the observed values are of this kind.
    pub(in crate::monitor) fn is_of(self, observed: &Observed) -> bool {
        match observed {
            Observed::Number(_) => self == Kind::Number,
            Observed::Category(_) => self == Kind::Category,
            Observed::Score(_) => self == Kind::Score,
        }
    }
}

impl Test {
    /// Name of the test in reports.
    pub fn words(self) -> &'static str {
        match self {
            Test::Ks => "Kolmogorov–Smirnov",
            Test::Fisher => "Fisher",
            Test::Chi2 => "χ²",
            Test::FisherMissing => "Fisher, missing",
        }
    }
}
