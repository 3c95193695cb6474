//! Drifts that no training can help.

use serde::{Deserialize, Serialize};

use super::drift::Drift;
use super::sample::Sample;

/// A column that is not what it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ailment {
    /// The column.
    pub column: String,
    /// What is wrong with it, in a sentence.
    pub why: String,
}

/// What is wrong with rows.
pub fn ailments(_reference: &Sample, _current: &Sample, _drift: &Drift) -> Vec<Ailment> {
    Vec::new()
}
