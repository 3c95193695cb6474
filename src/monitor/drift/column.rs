//! One column of a comparison: what it holds, the tests it took part in, what came out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::monitor::sample::Observed;
use crate::stats::two_sample::chi2::Chi2;
use crate::stats::two_sample::ks::Ks;

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

impl Kind {
    /// Whether a column holds such.
    pub(in crate::monitor) fn is_of(self, observed: &Observed) -> bool {
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
