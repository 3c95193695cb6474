//! Whether the store can be written.

/// Whether what is asked can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It can.
    Writing,
    /// It cannot, and why.
    Failing(String),
    /// What stands in it is not what was written: it is closed for good.
    Damaged(String),
}
