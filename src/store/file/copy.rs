//! Backup and restore of the whole file.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use redb::Builder;

use super::{File, NAME, Origin, broken, holder, of_database, revision};
use crate::store::error::OpenError;
use crate::store::layout;

impl File {
    /// Copies the file to `to` while the store stays open, and returns the size of the copy. Reads and writes block while
    /// bytes are copied. The copy is renamed to `to` only once it is complete and verified; on an error `to` is unchanged.
    pub fn backup(&self, to: &Path) -> Result<u64, OpenError> {
        let part = part(to);
        let failed = |e: io::Error| broken(&to.display().to_string(), e);
        let done = self.copy_open(&part, to).and_then(|()| {
            // The copy is one of an open database: opening it recovers the last commit, which happens here and
            // not at a restore.
            sound(&part, to)?;
            let bytes = fs::metadata(&part).map_err(failed)?.len();
            let synced = fs::File::open(&part).and_then(|file| file.sync_all());
            let renamed = synced.and_then(|()| fs::rename(&part, to));
            renamed.map(|()| bytes).map_err(failed)
        });
        if done.is_err() {
            let _ = fs::remove_file(&part); // the first error is the one to report
        }
        done
    }

    fn copy_open(&self, part: &Path, to: &Path) -> Result<(), OpenError> {
        let Origin::Path(path) = &self.origin else {
            return Err(broken(&self.name(), "it is not on a disk"));
        };
        let mut fault = None;
        let copied = self.alone(|_| {
            fault = match fs::File::create(part) {
                Err(e) => Some(broken(&to.display().to_string(), e)),
                Ok(mut copy) => fs::File::open(path)
                    .and_then(|mut bytes| io::copy(&mut bytes, &mut copy))
                    .err()
                    .map(|e| broken(&to.display().to_string(), e)),
            };
            Ok(())
        });
        copied.map_err(|e| broken(&self.name(), e))?;
        fault.map_or(Ok(()), Err)
    }

    /// Replaces the file with a copy of `from`, after that has been verified as a store. Errors are about `from`; the
    /// file is unchanged then.
    pub fn replace(self, from: &Path) -> Result<(), OpenError> {
        let Origin::Path(path) = &self.origin else {
            return Err(broken(&self.name(), "it is not on a disk"));
        };
        put(from, path)
        // The store stays locked until here: `self` is dropped after the copy has taken its name.
    }

    /// Restores a copy of `from` to a state folder whose store is missing or cannot be opened. Errors
    /// are those of [`File::replace`].
    pub fn put_back(from: &Path, state: &Path) -> Result<(), OpenError> {
        put(from, &state.join(NAME))
    }
}

fn put(from: &Path, place: &Path) -> Result<(), OpenError> {
    verified(from, place)?;
    holder::claim(place).map_err(|e| broken(&place.display().to_string(), e))
}

/// Copies a file of this or an earlier revision to `place`, where it appears only once it is complete and verified.
pub(super) fn verified(from: &Path, place: &Path) -> Result<(), OpenError> {
    let part = part(place);
    let done = fs::copy(from, &part)
        .map_err(|e| broken(&from.display().to_string(), e))
        .and_then(|_| sound(&part, from))
        .and_then(|()| {
            let synced = fs::File::open(&part).and_then(|file| file.sync_all());
            synced
                .and_then(|()| fs::rename(&part, place))
                .map_err(|e| broken(&place.display().to_string(), e))
        });
    if done.is_err() {
        let _ = fs::remove_file(&part); // the first error is the one to tell
    }
    done
}

fn part(place: &Path) -> PathBuf {
    place.with_extension(format!("{}.part", std::process::id()))
}

/// Checks that a copy is a store that this program can read; errors name the original `from`.
fn sound(copy: &Path, from: &Path) -> Result<(), OpenError> {
    let file = from.display().to_string();
    let database = Builder::new()
        .set_check_integrity_on_open(true)
        .open(copy)
        .map_err(|error| of_database(&file, &error))?;
    match revision::of(&database).ok().flatten() {
        None => Err(broken(&file, "it is a database, but no store of events")),
        Some(found) if found > layout::REVISION => Err(OpenError::Later {
            file,
            found,
            known: layout::REVISION,
        }),
        Some(_) => Ok(()),
    }
}
