//! The health of the store.

/// Whether requests can be written to the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// The last write succeeded.
    Writing,
    /// The last write failed, with the reason.
    Failing(String),
    /// The file's bytes are not what this program wrote: the store is closed for good, with the reason.
    Damaged(String),
}
