//! The store without its writer: for commands that work on it while no server does.

use jiff::Timestamp;

use super::commit::Commit;
use super::error::StoreError;
use super::file::File;
use super::rows::{self, Batch, Outcome, Taken};

/// Takes a batch in, in a commit of its own.
///
/// # Errors
/// When nothing of it is stored.
pub fn take(file: &File, batch: &Batch, now: Timestamp) -> Result<Taken, StoreError> {
    file.write(|transaction| {
        let mut commit = Commit::begin(transaction, now)?;
        let outcome = rows::take(&mut commit, batch)?;
        commit.finish()?;
        Ok(taken(outcome))
    })
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
    let done = file.write(|transaction| {
        let mut commit = Commit::begin(transaction, now)?;
        let done = work(&mut |batch| {
            let outcome = rows::take(&mut commit, batch)?;
            commit.cut()?;
            Ok(taken(outcome))
        });
        match done {
            Ok(done) => {
                commit.finish()?;
                Ok(done)
            }
            Err(error) => {
                refused = Some(error);
                Err(StoreError::Closed) // nothing is committed
            }
        }
    });
    match (done, refused) {
        (_, Some(error)) => Ok(Err(error)),
        (done, None) => done.map(Ok),
    }
}

fn taken(outcome: Outcome) -> Taken {
    match outcome {
        Outcome::Taken(taken) => taken,
        Outcome::OtherBody => Taken::default(), // a source's batches have no keys
    }
}
