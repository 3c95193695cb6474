//! The store without its writer: for commands that work on it while no server does.

use jiff::Timestamp;

use super::commit;
use super::error::StoreError;
use super::file::File;
use super::rows::{self, Batch, Outcome, Taken};

/// Takes a batch in, in a commit of its own.
///
/// # Errors
/// When nothing of it is stored.
pub fn take(file: &File, batch: &Batch, now: Timestamp) -> Result<Taken, StoreError> {
    let (outcome, _) = commit::within(file, now, |commit| rows::take(commit, batch))?;
    Ok(taken(outcome))
}

/// Takes batches in, all in one commit: `work` hands them over one by one, and its error keeps all of them out.
///
/// # Errors
/// That of `work`, or why nothing is stored.
pub fn take_all<T, E>(
    file: &File,
    now: Timestamp,
    work: impl FnOnce(&mut dyn FnMut(&Batch) -> Result<Taken, StoreError>) -> Result<T, E>,
) -> Result<Result<T, E>, StoreError> {
    let mut refused = None;
    let done = commit::within(file, now, |commit| {
        work(&mut |batch| rows::take(commit, batch).map(taken)).map_err(|error| {
            refused = Some(error);
            StoreError::Closed // nothing is committed
        })
    });
    match (done, refused) {
        (_, Some(error)) => Ok(Err(error)),
        (done, None) => done.map(|(done, _)| Ok(done)),
    }
}

fn taken(outcome: Outcome) -> Taken {
    match outcome {
        Outcome::Taken(taken) => taken,
        Outcome::OtherBody => Taken::default(), // a source's batches have no keys
    }
}
