//! What a detector is, and what it reports.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parameter::Parameter;

/// What a detector is.
pub trait Detect {
    /// Its parameters; their names are River's.
    type Parameters: Serialize + for<'de> Deserialize<'de> + Default;
    /// As it is asked for: `page-hinkley`.
    const NAME: &'static str;
    /// As it stands in JSON: `page_hinkley`.
    const KEY: &'static str;
    /// As it stands in sentences.
    const TITLE: &'static str;
    /// What each parameter takes; as many as [`Detect::Parameters`] has fields.
    const PARAMETERS: &'static [Parameter];

    /// One that has seen nothing.
    fn new(parameters: Self::Parameters) -> Self;

    /// What it was made with.
    fn parameters(&self) -> &Self::Parameters;

    /// Takes in one finite number; says whether the stream has changed, as of this number.
    fn update(&mut self, value: f64) -> Option<Change>;
}

/// A change that was noticed: the numbers before it and those since, as the detector parts them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ErrorChange")]
pub struct Change {
    pub before: Part,
    /// Those since, up to the one at which it was noticed.
    pub after: Part,
}

/// Some numbers of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ErrorPart")]
pub struct Part {
    /// How many, ≥ 1.
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
    /// Whether the numbers went up.
    pub fn rose(&self) -> bool {
        self.after.mean > self.before.mean
    }
}
