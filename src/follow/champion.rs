//! What a source says of its champion.

use crate::registry::{Standing, Version};

/// The champion of a source and the position of its ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Champion {
    pub standing: Standing,
    pub version: Version,
    /// SHA-256 of the version's file.
    pub sha256: Option<String>,
    /// Size of the version's file.
    pub bytes: Option<u64>,
}
