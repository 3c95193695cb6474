//! The detector interface and the change that a detector reports.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parameter::Parameter;

/// A detector of changes in a stream of numbers.
pub trait Detect {
    /// The parameters, named as in River.
    type Parameters: Serialize + for<'de> Deserialize<'de> + Default;
    /// Name on the command line: `page-hinkley`.
    const NAME: &'static str;
    /// Key in JSON: `page_hinkley`.
    const KEY: &'static str;
    /// Name in prose.
    const TITLE: &'static str;
    /// The allowed values of each parameter; one entry per field of [`Detect::Parameters`].
    const PARAMETERS: &'static [Parameter];

    /// A detector that has seen no number.
    fn new(parameters: Self::Parameters) -> Self;

    fn parameters(&self) -> &Self::Parameters;

    /// Adds a finite number and returns the change, if this number makes the detector report one.
    fn update(&mut self, value: f64) -> Option<Change>;
}

/// A detected change: the numbers before and after the location that the detector estimates.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ErrorChange")]
pub struct Change {
    pub before: Part,
    /// The numbers after the change, up to the one at which it was detected.
    pub after: Part,
}

/// Count and mean of a part of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ErrorPart")]
pub struct Part {
    /// Count of numbers, ≥ 1.
    pub n: u64,
    pub mean: f64,
}

impl Part {
    pub(super) fn of(n: f64, total: f64) -> Part {
        let mean = total / n;
        Part { n: n as u64, mean }
    }
}

impl Change {
    /// Whether the mean increased.
    pub fn rose(&self) -> bool {
        self.after.mean > self.before.mean
    }
}
