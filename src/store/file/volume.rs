//! Whether the volume of the state folder keeps what the store relies on: locks, atomic renames, synced writes.
//!
//! Network file systems differ in this, and a store on one without locks is damaged by the second process that opens it. Each
//! property is tried on small files beside the store.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::Path;

use uuid::Uuid;

/// Where the documentation says which volumes are suitable.
const PAGE: &str = "deployment/README.md, \"Where the state may live\"";

/// A volume that the store must not be kept on.
#[derive(Debug, thiserror::Error)]
#[error("{}: this volume {problem}; keep the state on another, see {PAGE}", .folder.display())]
pub struct VolumeError {
    pub folder: std::path::PathBuf,
    /// What the volume does not do, with the consequence.
    pub problem: String,
}

/// The results of the trials on a volume.
#[derive(Debug)]
struct Trials {
    /// Taking a lock a second time, through another handle.
    second_lock: Result<(), TryLockError>,
    /// What a file that was opened before another was renamed over it still holds.
    read_after_rename: Vec<u8>,
    /// What a reader finds under the name after the rename.
    renamed: Vec<u8>,
}

const OLD: &[u8] = b"old";
const NEW: &[u8] = b"new";

/// Tries the volume of a state folder, which is created if it is missing.
///
/// # Errors
/// The volume cannot be written, or lacks a property that the store relies on.
pub fn check(state: &Path) -> Result<(), VolumeError> {
    let error = |problem: String| VolumeError {
        folder: state.to_owned(),
        problem,
    };
    // Not the id of the process: in containers, two servers on one volume can have the same.
    let trial = Uuid::new_v4().simple();
    let names = ["old", "new"].map(|name| state.join(format!(".volume-{trial}-{name}")));
    let trials = trials(state, &names);
    for name in &names {
        let _ = fs::remove_file(name); // left over only if the trials failed, which is reported
    }
    let trials = trials
        .map_err(|fault| error(format!("cannot be written as the store needs it: {fault}")))?;
    trials.judge().map_err(|problem| error(problem.into()))
}

/// Free bytes of the volume; `None` if the system does not say.
pub fn free(state: &Path) -> Option<u64> {
    #[cfg(target_os = "linux")]
    {
        let facts = rustix::fs::statvfs(state).ok()?;
        Some(facts.f_bavail.saturating_mul(facts.f_frsize))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = state;
        None
    }
}

fn trials(state: &Path, [old, new]: &[std::path::PathBuf; 2]) -> io::Result<Trials> {
    fs::create_dir_all(state)?;
    write(old, OLD)?;
    write(new, NEW)?;
    let locked = OpenOptions::new().read(true).write(true).open(old)?;
    locked.try_lock().map_err(io::Error::from)?;
    let second_lock = OpenOptions::new()
        .read(true)
        .write(true)
        .open(old)?
        .try_lock();
    let mut held = File::open(old)?;
    fs::rename(new, old)?;
    #[cfg(unix)]
    File::open(state)?.sync_all()?;
    let mut read_after_rename = Vec::new();
    held.read_to_end(&mut read_after_rename)?;
    Ok(Trials {
        second_lock,
        read_after_rename,
        renamed: fs::read(old)?,
    })
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

impl Trials {
    fn judge(&self) -> Result<(), &'static str> {
        if !matches!(self.second_lock, Err(TryLockError::WouldBlock)) {
            return Err(
                "does not enforce locks, so that two processes could write one store and damage it",
            );
        }
        if self.read_after_rename != OLD || self.renamed != NEW {
            return Err("does not rename atomically, so that a crash could leave half a file");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_disk_passes_and_nothing_is_left() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("new/state");
        check(&folder).unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        assert!(free(&folder).is_none_or(|bytes| bytes > 0));
    }

    #[test]
    fn a_volume_without_a_property_is_named_with_the_page() {
        let trials = |second_lock, held: &[u8]| Trials {
            second_lock,
            read_after_rename: held.to_vec(),
            renamed: NEW.to_vec(),
        };
        let blocked = || Err(TryLockError::WouldBlock);
        assert_eq!(trials(blocked(), OLD).judge(), Ok(()));
        let unlocked = trials(Ok(()), OLD).judge().unwrap_err();
        assert!(unlocked.contains("does not enforce locks"), "{unlocked}");
        let unsupported = io::Error::from(io::ErrorKind::Unsupported);
        let fault = trials(Err(TryLockError::Error(unsupported)), OLD).judge();
        assert!(fault.unwrap_err().contains("does not enforce locks"));
        for held in [NEW, b""] {
            let fault = trials(blocked(), held).judge().unwrap_err();
            assert!(fault.contains("rename"), "{fault}");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_an_error() {
        let state = tempfile::tempdir().unwrap();
        let file = state.path().join("file");
        fs::write(&file, b"").unwrap();
        let text = check(&file).unwrap_err().to_string();
        assert!(
            text.contains("file") && text.contains("Where the state may live"),
            "{text}"
        );
    }
}
