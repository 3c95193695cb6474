//! Crash-safe file operations: after a crash, a file has either its old or its new content, never part of it.
//!
//! New content is written to `NAME.tmp` in the same folder, synced and renamed into place, and the folder is synced. All
//! writes happen with the registry's lock held, so that a `.tmp` file found by the next lock holder is left over from a
//! crash and can be removed.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::error::RegistryError;

const TEMPORARY: &str = "tmp";

/// An exclusive lock on a folder, across processes and threads; released on drop.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits until no other writer or reader holds the lock, and takes it exclusively.
    pub(super) fn exclusive(path: &Path) -> Result<Lock, RegistryError> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(RegistryError::io("open", path))?;
        file.lock().map_err(RegistryError::io("lock", path))?;
        Ok(Lock { _file: file })
    }

    /// Waits until no writer holds the lock, to read several files consistently. `None` if the lock file does not exist
    /// because nothing was ever written.
    pub(super) fn shared(path: &Path) -> Option<Lock> {
        let file = File::open(path).ok()?;
        file.lock_shared().ok()?;
        Some(Lock { _file: file })
    }
}

/// The content of `path`; `None` if there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, RegistryError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(fault) => Err(RegistryError::io("read", path)(fault)),
    }
}

/// The size of a file in bytes; `None` if its metadata cannot be read.
pub(super) fn size(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|facts| facts.len())
}

/// Creates the folder and its missing parents.
pub(super) fn create_folder(path: &Path) -> Result<(), RegistryError> {
    fs::create_dir_all(path).map_err(RegistryError::io("create the folder", path))
}

/// Writes a new file; fails if the path already exists.
pub(super) fn write_once(path: &Path, bytes: &[u8]) -> Result<(), RegistryError> {
    if path.exists() {
        // The lock is held, so no other writer can create the file between this check and the rename.
        return Err(RegistryError::io("write", path)(
            io::ErrorKind::AlreadyExists.into(),
        ));
    }
    replace(path, bytes)
}

/// Writes a file and replaces an existing one.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), RegistryError> {
    let temporary = temporary(path);
    let written = write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if let Err(fault) = written {
        // Best effort: the next holder of the lock removes what is left.
        let _ = fs::remove_file(&temporary);
        return Err(RegistryError::io("write", path)(fault));
    }
    sync_folder_of(path)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Appends bytes to a file. A partial write is truncated again, now or by the next holder of the lock.
pub(super) fn append(path: &Path, bytes: &[u8]) -> Result<(), RegistryError> {
    let fault = RegistryError::io("append to", path);
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(&fault)?;
    let before = file.metadata().map_err(&fault)?.len();
    if let Err(source) = file.write_all(bytes).and_then(|()| file.sync_all()) {
        let _ = file.set_len(before);
        return Err(fault(source));
    }
    if before == 0 {
        sync_folder_of(path)
    } else {
        Ok(())
    }
}

/// Truncates a file to its first `length` bytes.
pub(super) fn truncate(path: &Path, length: u64) -> Result<(), RegistryError> {
    OpenOptions::new()
        .write(true)
        .open(path)
        .and_then(|file| file.set_len(length).and_then(|()| file.sync_all()))
        .map_err(RegistryError::io("cut the torn end off", path))
}

/// Removes a file if it exists.
pub(super) fn remove(path: &Path) -> Result<(), RegistryError> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder_of(path),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(fault) => Err(RegistryError::io("remove", path)(fault)),
    }
}

/// Removes temporary files that a crash left in `folder`.
pub(super) fn sweep(folder: &Path) -> Result<(), RegistryError> {
    for path in files(folder)? {
        if path.extension().is_some_and(|ending| ending == TEMPORARY) {
            remove(&path)?;
        }
    }
    Ok(())
}

/// The paths in `folder`; empty if there is no such folder.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, RegistryError> {
    let fault = RegistryError::io("list", folder);
    match fs::read_dir(folder) {
        Ok(entries) => entries
            .map(|entry| Ok(entry.map_err(&fault)?.path()))
            .collect(),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(fault(source)),
    }
}

fn temporary(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(TEMPORARY);
    name.into()
}

/// Syncs the parent folder, which makes a rename durable. Windows has no such operation and does not need it.
fn sync_folder_of(path: &Path) -> Result<(), RegistryError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    if cfg!(unix) {
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(RegistryError::io("sync", folder))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_written_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        write_once(&path, b"one").unwrap();
        let fault = write_once(&path, b"two").unwrap_err();
        assert!(
            fault.to_string().contains("a file is in the way"),
            "{fault}"
        );
        assert_eq!(read(&path).unwrap().unwrap(), b"one");
        assert_eq!(files(folder.path()).unwrap(), [path]);
    }

    #[test]
    fn sweeping_takes_temporaries_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("titanic@1.model.tmp"), b"half").unwrap();
        fs::write(folder.path().join("titanic@1.model"), b"whole").unwrap();
        sweep(folder.path()).unwrap();
        assert_eq!(
            files(folder.path()).unwrap(),
            [folder.path().join("titanic@1.model")]
        );
    }
}
