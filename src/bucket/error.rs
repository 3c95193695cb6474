//! Why a bucket could not be used.

/// A bucket cannot be used, or does not do what was requested.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {why}")]
pub struct BucketError {
    pub place: String,
    pub why: String,
}
