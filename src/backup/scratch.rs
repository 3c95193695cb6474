//! A folder for temporary files, removed when the work is done. One that a killed process left is removed by the next.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::error::BackupError;

const BEGINNING: &str = ".titanic-backup-";
const ENDING: &str = ".part";
const LOCK: &str = "lock";

pub(super) struct Scratch {
    folder: PathBuf,
    /// Held as long as the folder is in use, so that other processes leave it alone.
    _lock: File,
}

impl Scratch {
    /// Creates the folder in `disk`.
    pub(super) fn new(disk: &Path, id: Uuid) -> Result<Scratch, BackupError> {
        sweep(disk);
        let folder = disk.join(format!("{BEGINNING}{id}{ENDING}"));
        fs::create_dir_all(&folder).map_err(BackupError::io("create", &folder))?;
        let path = folder.join(LOCK);
        let failed = BackupError::io("lock", &path);
        let lock = File::create(&path).map_err(&failed)?;
        lock.lock().map_err(&failed)?;
        Ok(Scratch {
            folder,
            _lock: lock,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.folder
    }

    /// Creates a folder within.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf, BackupError> {
        let path = self.folder.join(name);
        fs::create_dir_all(&path).map_err(BackupError::io("create", &path))?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            let folder = self.folder.display();
            tracing::warn!(%error, %folder, "backup: cannot remove the temporary files; the next backup to this place tries again");
        }
    }
}

/// Removes folders whose process is gone.
fn sweep(disk: &Path) {
    for entry in fs::read_dir(disk).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !(name.starts_with(BEGINNING) && name.ends_with(ENDING)) {
            continue;
        }
        let lock = File::open(entry.path().join(LOCK));
        if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(entry.path()); // the next one tries again
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_is_removed_and_nothing_else() {
        let disk = tempfile::tempdir().unwrap();
        let left = disk.path().join(".titanic-backup-1.part");
        fs::create_dir_all(left.join("state")).unwrap();
        fs::write(left.join(LOCK), "").unwrap();
        fs::write(disk.path().join("other"), "").unwrap();
        let one = Scratch::new(disk.path(), Uuid::from_u128(2)).unwrap();
        assert!(!left.exists());
        let other = Scratch::new(disk.path(), Uuid::from_u128(3)).unwrap();
        assert!(one.path().exists(), "it is in use");
        drop((one, other));
        let names: Vec<_> = fs::read_dir(disk.path()).unwrap().flatten().collect();
        assert_eq!(names.len(), 1);
        assert_eq!(names[0].file_name(), "other");
    }
}
