//! Work on the store of a running server: check, compaction, backup. Each gives the document that the command prints.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Report;
use super::{OpenError, Store, StoreError};

/// What a check came to, as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Checked {
    /// Whether nothing is wrong.
    pub intact: bool,
    /// What was read and found.
    #[serde(flatten)]
    pub report: Report,
}

impl From<Report> for Checked {
    fn from(report: Report) -> Checked {
        Checked {
            intact: report.findings.is_empty(),
            report,
        }
    }
}

/// What a compaction came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Compacted {
    /// Bytes before.
    pub before: u64,
    /// Bytes after.
    pub after: u64,
}

/// What a backup came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "BackedUp")]
pub struct Backup {
    /// Path of the copy.
    pub file: PathBuf,
    /// Bytes of the copy.
    pub bytes: u64,
}

/// Checks the store; gives nothing where it was stopped before the end.
///
/// # Errors
/// When it cannot be read.
pub fn check(store: &Store, stopped: &dyn Fn() -> bool) -> Result<Option<Checked>, StoreError> {
    Ok(store.check(stopped)?.map(Checked::from))
}

/// Compacts the store.
///
/// # Errors
/// When it cannot be written.
pub fn compact(store: &Store) -> Result<Compacted, StoreError> {
    let (before, after) = store.compact()?;
    Ok(Compacted { before, after })
}

/// Copies the store into a file.
///
/// # Errors
/// When it cannot be read or the copy not be written; nothing has changed then.
pub fn backup(store: &Store, to: &Path) -> Result<Backup, OpenError> {
    let bytes = store.backup(to)?;
    Ok(Backup {
        file: to.into(),
        bytes,
    })
}
