//! Maintenance of a store that no server has open: statistics, export, compaction, and retries from quarantine.

use jiff::Timestamp;

use redb::ReadableTable;

use super::commit::{self, Commit};
use super::error::StoreError;
use super::event::Record;
use super::file::File;
use super::read::{self, Stats};
use super::row::NewRow;
use super::rows::{self, Quarantined, StoredRows};

/// Statistics of the store.
pub fn stats(file: &File) -> Result<Stats, StoreError> {
    let bytes = file.size();
    file.read(|snapshot| read::stats(snapshot, bytes))
}

/// Passes every event to `look`, in order, until it returns false.
pub fn events(file: &File, look: impl FnMut(&Record<'_>) -> bool) -> Result<(), StoreError> {
    file.read(|snapshot| read::after(snapshot, 0, look))
}

/// All quarantined rows, oldest first.
pub fn quarantine(file: &File) -> Result<Vec<Quarantined>, StoreError> {
    file.read(read::quarantine)
}

/// Returns unused space of the file to the file system.
pub fn compact(file: &File) -> Result<(), StoreError> {
    let failed = |e: redb::CompactionError| StoreError::Unavailable(e.to_string());
    // Each pass moves pages into space that the pass before freed; a few passes suffice.
    file.alone(|database| {
        while database.compact().map_err(failed)? {}
        Ok(())
    })
}

/// Quarantined rows that were validated again.
#[derive(Clone, Debug, Default)]
pub struct Retried {
    /// Rows that are valid now, under the ids they have in quarantine.
    pub good: Vec<NewRow>,
    /// Rows that are still invalid, with the current reasons.
    pub bad: Vec<Quarantined>,
}

/// Moves rows that are valid now from quarantine to the stored rows, and updates the reasons of the
/// others, in one transaction.
pub fn retry_quarantined(
    file: &File,
    retried: &Retried,
    now: Timestamp,
) -> Result<StoredRows, StoreError> {
    let retried = commit::within(file, now, |commit| retry(commit, retried));
    retried.map(|(taken, _)| taken)
}

/// Does the same as [`retry_quarantined`] within a commit. A row that left quarantine since it was validated, because it was
/// retried or dropped, is skipped.
pub(super) fn retry(commit: &mut Commit<'_>, retried: &Retried) -> Result<StoredRows, StoreError> {
    let mut taken = StoredRows::default();
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

/// Removes rows from quarantine. The events that record their quarantine stay.
pub fn drop_quarantined(file: &File, ids: &[String], now: Timestamp) -> Result<(), StoreError> {
    let dropped = commit::within(file, now, |commit| forget(commit, ids));
    dropped.map(drop)
}

/// Does the same as [`drop_quarantined`] within a commit; returns how many of the rows were there.
pub(super) fn forget(commit: &mut Commit<'_>, ids: &[String]) -> Result<usize, StoreError> {
    let mut dropped = 0;
    for id in ids {
        dropped += usize::from(commit.quarantine.remove(&**id)?.is_some());
    }
    Ok(dropped)
}
