//! Why a backup or a restore failed.

use std::io;
use std::path::{Path, PathBuf};

use crate::registry::RegistryError;
use crate::store::{OpenError, StoreError};

#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The text names no place for backups.
    #[error(
        "{text:?} is no place for a backup: {why}; write a file, a folder, s3://BUCKET/PREFIX or gs://BUCKET/PREFIX"
    )]
    Place { text: String, why: String },
    /// The place cannot be read or written.
    #[error("{place}: {why}")]
    Storage { place: String, why: String },
    /// The bytes are not those that were written.
    #[error("the archive {archive} is damaged: {fault}; use another one")]
    Damaged { archive: String, fault: String },
    /// The end is missing.
    #[error(
        "the archive {archive} is incomplete: it ends after {bytes} bytes without a seal, because writing or copying it was interrupted; use another one"
    )]
    Incomplete { archive: String, bytes: u64 },
    /// A newer version of this program made the archive.
    #[error(
        "the archive {archive} has format {found}, this program knows up to {known}; use the program that made it, or a newer one"
    )]
    Later {
        archive: String,
        found: u32,
        known: u32,
    },
    /// The place holds no archive.
    #[error("there is no archive in {place}; `store backup {place}` makes one")]
    None { place: String },
    /// The place holds archives, and none is whole.
    #[error("no archive in {place} can be restored: {}", .faults.join("; "))]
    NoneWhole { place: String, faults: Vec<String> },
    /// A restore would have to overwrite something.
    #[error(
        "the state {} is not empty: it holds {what}; a restore overwrites nothing, so name an empty folder with --state", .state.display()
    )]
    NotEmpty { state: PathBuf, what: String },
    /// An archive was restored for a check and does not hold what was backed up.
    #[error("the archive {archive} does not hold what was backed up: {what}")]
    Unlike { archive: String, what: String },
    /// A local file system operation failed.
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// Another backup of the same server runs.
    #[error("a backup is being made already; begin another one when it is done")]
    Running,
    /// The caller ended it.
    #[error("the backup was cancelled")]
    Stopped,
}

impl BackupError {
    pub(super) fn io<'a>(
        action: &'static str,
        path: &'a Path,
    ) -> impl Fn(io::Error) -> BackupError + 'a {
        move |source| BackupError::Io {
            action,
            path: path.into(),
            source,
        }
    }
}
