//! Settings of a follower.

use std::path::PathBuf;

use serde::Deserialize;

use crate::units::Size;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The predictions that wait to be sent to the source.
    pub spool: Spool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spool {
    /// The folder of the spool file; `None`: predictions wait in memory alone.
    pub folder: Option<PathBuf>,
    /// Maximum size of the predictions that wait.
    pub size: Size,
}
