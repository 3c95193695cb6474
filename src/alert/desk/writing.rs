//! A commit under way.

use std::pin::Pin;

use crate::store::StoreError;
use crate::store::alerts::Change;

/// A commit that was asked for. As long as it is under way no other is: the writer has it, however long it takes, and the same
/// asked for again would be stored again.
pub(super) struct Writing {
    pub(super) change: Change,
    pub(super) done: Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>,
}
