//! Backup and restore of the whole file.

use std::fs;
use std::io;
use std::path::Path;

use super::verified::{part, sound, verified};
use super::{File, NAME, Origin, holder};
use crate::store::error::OpenError;

impl File {
    /// Copies the file to `to` while the store stays open, and returns the size of the copy. Reads and writes block while
    /// bytes are copied. The copy is renamed to `to` only once it is complete and verified; on an error `to` is unchanged.
    pub fn backup(&self, to: &Path) -> Result<u64, OpenError> {
        let part = part(to);
        let failed = |e: io::Error| OpenError::broken(&to.display().to_string(), e);
        let done = self.copy_open(&part, to).and_then(|()| {
            // The copy is one of an open database: opening it recovers the last commit, which happens here and
            // not at a restore.
            sound(&part, to)?;
            let bytes = fs::metadata(&part).map_err(failed)?.len();
            let opened = fs::File::options().write(true).open(&part); // Windows syncs no file that is only read
            let synced = opened.and_then(|file| file.sync_all());
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
            return Err(OpenError::broken(&self.name(), "it is not on a disk"));
        };
        let mut fault = None;
        let copied = self.alone(|_| {
            fault = match fs::File::create(part) {
                Err(e) => Some(OpenError::broken(&to.display().to_string(), e)),
                Ok(mut copy) => fs::File::open(path)
                    .and_then(|mut bytes| io::copy(&mut bytes, &mut copy))
                    .err()
                    .map(|e| OpenError::broken(&to.display().to_string(), e)),
            };
            Ok(())
        });
        copied.map_err(|e| OpenError::broken(&self.name(), e))?;
        fault.map_or(Ok(()), Err)
    }

    /// Replaces the file with a copy of `from`, after that has been verified as a store. Errors are about `from`; the
    /// file is unchanged then.
    pub fn replace(self, from: &Path) -> Result<(), OpenError> {
        let Origin::Path(path) = &self.origin else {
            return Err(OpenError::broken(&self.name(), "it is not on a disk"));
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
    holder::claim(place).map_err(|e| OpenError::broken(&place.display().to_string(), e))
}
