//! The file as a whole: copied while nobody writes, and put back.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use redb::{Builder, ReadableDatabase};

use super::{File, NAME, Origin, broken, holder, of_database};
use crate::store::error::OpenError;
use crate::store::layout::{self, META};

/// What a file of the database begins with.
const MAGIC: &[u8; 4] = b"redb";

impl File {
    /// Closes it for good and hands its bytes on; nobody opens it meanwhile. Gives how many there are.
    ///
    /// # Errors
    /// When it cannot be read or `to` not be written; `Held` if somebody took it in the moment between.
    pub fn copy(self, to: &mut dyn Write) -> Result<u64, OpenError> {
        let Origin::Path(path) = &self.origin else {
            return Err(broken(&self.name(), "it is not on a disk"));
        };
        // A file that was closed needs no recovery where it is opened again.
        self.shut();
        let mut bytes = fs::File::open(path).map_err(|e| broken(&self.name(), e))?;
        bytes.try_lock().map_err(|_| OpenError::Held {
            file: self.name(),
            holder: holder::process(path),
            server: None,
        })?;
        io::copy(&mut bytes, to).map_err(|e| broken(&self.name(), e))
    }

    /// Copies it while it stays open; nothing is read or written while the bytes are copied. The copy is at its place only
    /// once it is whole and sound. Gives its size.
    ///
    /// # Errors
    /// When it cannot be read or the copy not be written; nothing has changed then.
    pub fn backup(&self, to: &Path) -> Result<u64, OpenError> {
        if let Origin::Path(path) = &self.origin
            && to
                .canonicalize()
                .is_ok_and(|to| path.canonicalize().ok() == Some(to))
        {
            let why = "it is the store itself; name another file";
            return Err(broken(&to.display().to_string(), why));
        }
        replaceable(to)?;
        let part = part(to);
        let failed = |e: io::Error| broken(&to.display().to_string(), e);
        let done = self.copy_open(&part, to).and_then(|()| {
            // The copy was not closed: whoever opens it recovers its last commit, here and now.
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

    /// Puts a copy of `from` in its place, once that has shown to be a sound store.
    ///
    /// # Errors
    /// [`OpenError`], of `from`; nothing has changed then.
    pub fn replace(self, from: &Path) -> Result<(), OpenError> {
        let Origin::Path(path) = &self.origin else {
            return Err(broken(&self.name(), "it is not on a disk"));
        };
        put(from, path)
        // It is held until here: `self` ends after its name has gone to the copy.
    }

    /// Puts a copy of `from` where a store is that cannot be opened, or none.
    ///
    /// # Errors
    /// As [`File::replace`].
    pub fn put_back(from: &Path, state: &Path) -> Result<(), OpenError> {
        put(from, &state.join(NAME))
    }
}

/// Whether a backup may be written there: where nothing is, or an earlier backup.
///
/// # Errors
/// When another file is there. Whoever may ask for a backup must not be able to put one in the place of a model.
pub fn replaceable(to: &Path) -> Result<(), OpenError> {
    let mut magic = [0; MAGIC.len()];
    let found = match fs::File::open(to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => Err(error),
        Ok(mut file) => file.read(&mut magic),
    };
    let is_store = found.map_err(|e| broken(&to.display().to_string(), e))? == MAGIC.len();
    if is_store && magic == *MAGIC {
        return Ok(());
    }
    let why = "a file is there that is no backup, and is not replaced; name another";
    Err(broken(&to.display().to_string(), why))
}

fn put(from: &Path, place: &Path) -> Result<(), OpenError> {
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
    done?;
    holder::claim(place).map_err(|e| broken(&place.display().to_string(), e))
}

fn part(place: &Path) -> PathBuf {
    place.with_extension(format!("{}.part", std::process::id()))
}

/// Whether a copy is a store that this program reads; told under the name of what it is a copy of.
fn sound(copy: &Path, from: &Path) -> Result<(), OpenError> {
    let file = from.display().to_string();
    let database = Builder::new()
        .set_check_integrity_on_open(true)
        .open(copy)
        .map_err(|error| of_database(&file, &error))?;
    let revision = database.begin_read().ok().and_then(|snapshot| {
        let meta = snapshot.open_table(META).ok()?;
        Some(meta.get("revision").ok()??.value())
    });
    match revision {
        None => Err(broken(&file, "it is a database, but no store of events")),
        Some(found) if found > layout::REVISION => Err(OpenError::Later {
            file,
            found,
            known: layout::REVISION,
        }),
        Some(_) => Ok(()),
    }
}
