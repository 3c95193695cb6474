//! What is done to a store that no server has open: looked into, made smaller.

use super::block::Record;
use super::error::StoreError;
use super::file::File;
use super::read::{self, Stats};
use super::rows::Quarantined;

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
pub fn events(file: &File, look: impl FnMut(Record<'_>) -> bool) -> Result<(), StoreError> {
    file.read(|snapshot| read::after(snapshot, 0, look))
}

/// Rows put aside, oldest first.
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
