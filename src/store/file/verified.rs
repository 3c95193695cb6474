//! Copies of whole files that are verified before they take their name.

use std::fs;
use std::path::{Path, PathBuf};

use redb::{Builder, Database, ReadableDatabase, TableError};

use crate::store::error::{OpenError, StoreError};
use crate::store::layout::{self, META};

/// Copies a file of this or an earlier revision to `place`, where it appears only once it is complete and verified.
pub(super) fn verified(from: &Path, place: &Path) -> Result<(), OpenError> {
    let part = part(place);
    let done = fs::copy(from, &part)
        .map_err(|e| OpenError::broken(&from.display().to_string(), e))
        .and_then(|_| sound(&part, from))
        .and_then(|()| {
            let opened = fs::File::options().write(true).open(&part); // Windows syncs no file that is only read
            let synced = opened.and_then(|file| file.sync_all());
            synced
                .and_then(|()| fs::rename(&part, place))
                .map_err(|e| OpenError::broken(&place.display().to_string(), e))
        });
    if done.is_err() {
        let _ = fs::remove_file(&part); // the first error is the one to tell
    }
    done
}

pub(super) fn part(place: &Path) -> PathBuf {
    place.with_extension(format!("{}.part", std::process::id()))
}

/// Checks that a copy is a store that this program can read; errors name the original `from`.
pub(super) fn sound(copy: &Path, from: &Path) -> Result<(), OpenError> {
    let file = from.display().to_string();
    let database = Builder::new()
        .set_check_integrity_on_open(true)
        .open(copy)
        .map_err(|error| OpenError::of_database(&file, &error))?;
    match revision(&database).ok().flatten() {
        None => Err(OpenError::broken(
            &file,
            "it is a database, but no store of events",
        )),
        Some(found) if found > layout::REVISION => Err(OpenError::Later {
            file,
            found,
            known: layout::REVISION,
        }),
        Some(_) => Ok(()),
    }
}

/// The revision of a file; `None` if it has no tables yet.
pub(super) fn revision(database: &Database) -> Result<Option<u64>, StoreError> {
    let meta = match database.begin_read()?.open_table(META) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(None),
        meta => meta?,
    };
    Ok(meta.get("revision")?.map(|revision| revision.value()))
}
