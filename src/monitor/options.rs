//! Options of the monitor.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::drift::LEVEL;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Predictions per window, each of which gets a verdict.
    pub window: NonZeroUsize,
    /// False alarm rate of a verdict over all its columns and, if there are slices, over all slices; in (0, 1).
    pub level: f64,
    /// Category columns whose levels are each monitored as a slice.
    pub slices: Vec<String>,
    /// Labelled predictions per performance window.
    pub labels: NonZeroUsize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            window: NonZeroUsize::new(100).expect("it is not zero"),
            level: LEVEL,
            slices: Vec::new(),
            labels: NonZeroUsize::new(200).expect("it is not zero"),
        }
    }
}

impl Options {
    /// Checks that the types cannot express. Returns the key of each invalid option and what is wrong with it.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let is_level = self.level > 0.0 && self.level < 1.0;
        let level = self.level;
        (!is_level)
            .then(|| {
                (
                    "level",
                    format!("{level} is not a chance of a false alarm; give a number above 0 and below 1, such as 0.01"),
                )
            })
            .into_iter()
            .collect()
    }
}
