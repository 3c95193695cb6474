//! Writes to the store without its writer task, for commands that run while no server has the store open.

use jiff::Timestamp;

use super::commit;
use super::error::StoreError;
use super::file::File;
use super::rows::{self, NewRows, Outcome, StoredRows};

/// Stores a batch in a commit of its own.
pub fn take(file: &File, batch: &NewRows, now: Timestamp) -> Result<StoredRows, StoreError> {
    let (outcome, _) = commit::within(file, now, |commit| rows::take(commit, batch))?;
    Ok(outcome.of_source())
}

/// Stores several batches in one commit: `work` submits them one by one, and an error of `work` discards all of them.
pub fn take_all<T, E>(
    file: &File,
    now: Timestamp,
    work: impl FnOnce(&mut dyn FnMut(&NewRows) -> Result<StoredRows, StoreError>) -> Result<T, E>,
) -> Result<Result<T, E>, StoreError> {
    let mut refused = None;
    let done = commit::within(file, now, |commit| {
        work(&mut |batch| rows::take(commit, batch).map(Outcome::of_source)).map_err(|error| {
            refused = Some(error);
            StoreError::Closed // nothing is committed
        })
    });
    match (done, refused) {
        (_, Some(error)) => Ok(Err(error)),
        (done, None) => done.map(|(done, _)| Ok(done)),
    }
}
