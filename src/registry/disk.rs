//! Writing that survives a crash: a file is there whole or not at all.
//!
//! New bytes go to `NAME.tmp` in the same folder, are synced, renamed into place, and the folder is synced. Everything here
//! is called with the registry's lock held, so a `.tmp` found by the next holder is a crash's leftover and is swept.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::error::RegistryError;

const TEMPORARY: &str = "tmp";

/// The exclusive right to write in a folder, between processes and between threads; given back on drop.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits until nobody else writes.
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

    /// Waits until nobody writes, for a look at several files of one moment. None where there never was a writer.
    pub(super) fn shared(path: &Path) -> Option<Lock> {
        let file = File::open(path).ok()?;
        file.lock_shared().ok()?;
        Some(Lock { _file: file })
    }
}

/// The bytes of `path`, or none if there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, RegistryError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(fault) => Err(RegistryError::io("read", path)(fault)),
    }
}

/// Bytes of a file; none where it cannot be looked at.
pub(super) fn size(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|facts| facts.len())
}

/// Makes the folder and those above it.
pub(super) fn create_folder(path: &Path) -> Result<(), RegistryError> {
    fs::create_dir_all(path).map_err(RegistryError::io("create the folder", path))
}

/// Writes a file that must not be there yet.
pub(super) fn write_once(path: &Path, bytes: &[u8]) -> Result<(), RegistryError> {
    if path.exists() {
        // With the lock held nobody can step in between this look and the rename.
        return Err(RegistryError::io("write", path)(
            io::ErrorKind::AlreadyExists.into(),
        ));
    }
    replace(path, bytes)
}

/// Writes a file, in place of the one that may be there.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), RegistryError> {
    let temporary = temporary(path);
    let written = write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if let Err(fault) = written {
        // Best effort: the next holder of the lock sweeps what is left.
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

/// Adds bytes at the end. A half-written end is cut off again, now or by the next holder of the lock.
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

/// Cuts a file to its first `length` bytes.
pub(super) fn truncate(path: &Path, length: u64) -> Result<(), RegistryError> {
    OpenOptions::new()
        .write(true)
        .open(path)
        .and_then(|file| file.set_len(length).and_then(|()| file.sync_all()))
        .map_err(RegistryError::io("cut the torn end off", path))
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), RegistryError> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder_of(path),
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(fault) => Err(RegistryError::io("remove", path)(fault)),
    }
}

/// Removes the temporaries a crash left in `folder`.
pub(super) fn sweep(folder: &Path) -> Result<(), RegistryError> {
    for path in files(folder)? {
        if path.extension().is_some_and(|ending| ending == TEMPORARY) {
            remove(&path)?;
        }
    }
    Ok(())
}

/// The paths in `folder`; none if there is no such folder.
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

/// A rename is durable once its folder is. Windows has no such call and needs none.
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
