//! A commit in progress.

use std::pin::Pin;

use crate::store::StoreError;
use crate::store::alerts::Change;

/// A commit that was handed to the store's writer. No other commit starts before it ends: the writer completes it however
/// long that takes, and a second one would store the same changes twice.
pub(super) struct Writing {
    pub(super) change: Change,
    pub(super) done: Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>,
}
