//! What is done to a store that no server has open: looked into, made smaller, its quarantine worked off.

use jiff::Timestamp;

use redb::ReadableTable;

use super::commit::{self, Commit};
use super::error::StoreError;
use super::event::Record;
use super::file::File;
use super::read::{self, Stats};
use super::row::NewRow;
use super::rows::{self, Quarantined, Taken};

/// What is in it.
///
/// # Errors
/// When it cannot be read.
pub fn stats(file: &File) -> Result<Stats, StoreError> {
    let bytes = file.size();
    file.read(|snapshot| read::stats(snapshot, bytes))
}

/// Every event, in order, until `look` has enough.
///
/// # Errors
/// When it cannot be read.
pub fn events(file: &File, look: impl FnMut(&Record<'_>) -> bool) -> Result<(), StoreError> {
    file.read(|snapshot| read::after(snapshot, 0, look))
}

/// The rows in quarantine, oldest first.
///
/// # Errors
/// When they cannot be read.
pub fn quarantine(file: &File) -> Result<Vec<Quarantined>, StoreError> {
    file.read(read::quarantine)
}

/// Gives room that nothing stands in back to the disk.
///
/// # Errors
/// When it cannot be written.
pub fn compact(file: &File) -> Result<(), StoreError> {
    let failed = |e: redb::CompactionError| StoreError::Unavailable(e.to_string());
    // One pass moves what the one before made room for; a few end it.
    file.alone(|database| {
        while database.compact().map_err(failed)? {}
        Ok(())
    })
}

/// Rows of the quarantine that were checked again.
#[derive(Clone, Debug, Default)]
pub struct Retried {
    /// Those that are good now, under the ids they had in quarantine.
    pub good: Vec<NewRow>,
    /// Those that are not, with what is wrong now.
    pub bad: Vec<Quarantined>,
}

/// Moves good rows out of quarantine into the rows, and keeps what is said of the others, in one transaction.
///
/// # Errors
/// When nothing changed.
pub fn retry_quarantined(
    file: &File,
    retried: &Retried,
    now: Timestamp,
) -> Result<Taken, StoreError> {
    let retried = commit::within(file, now, |commit| retry(commit, retried));
    retried.map(|(taken, _)| taken)
}

/// The same within a commit. A row that is no longer in quarantine was retried or dropped since it was checked: it is passed
/// over.
pub(super) fn retry(commit: &mut Commit<'_>, retried: &Retried) -> Result<Taken, StoreError> {
    let mut taken = Taken::default();
    for row in &retried.good {
        if commit.quarantine.get(&*row.id)?.is_none() {
            continue;
        }
        let transport = rows::out_of_quarantine(commit, &row.id)?;
        rows::retried(commit, row, transport, &mut taken)?;
    }
    for bad in &retried.bad {
        if commit.quarantine.get(&*bad.id)?.is_some() {
            let transport = rows::out_of_quarantine(commit, &bad.id)?;
            rows::keep_aside(commit, bad, transport)?;
        }
    }
    Ok(taken)
}

/// Forgets rows of the quarantine; that they came stays among the events.
///
/// # Errors
/// When nothing changed.
pub fn drop_quarantined(file: &File, ids: &[String], now: Timestamp) -> Result<(), StoreError> {
    let dropped = commit::within(file, now, |commit| forget(commit, ids));
    dropped.map(drop)
}

/// The same within a commit; gives how many were there.
pub(super) fn forget(commit: &mut Commit<'_>, ids: &[String]) -> Result<usize, StoreError> {
    let mut dropped = 0;
    for id in ids {
        dropped += usize::from(commit.quarantine.remove(&**id)?.is_some());
    }
    Ok(dropped)
}
