//! Errors of the registry, classified by what the caller can do about them.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::version::{Version, VersionError};

/// An error of the registry; the number in parentheses is the HTTP status.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The requested version does not exist (404).
    #[error("there is no version {wanted}; {}", newest(.known))]
    NotFound {
        /// The version as requested.
        wanted: String,
        /// The versions that exist in the registry.
        known: Vec<Version>,
    },
    /// The text cannot denote a version, or the name cannot denote a model (400).
    #[error(transparent)]
    Version(#[from] VersionError),
    /// The version was removed by `models gc` (404).
    #[error(
        "{version} was removed by `models gc`; train again, or choose another with `models list`"
    )]
    Removed { version: Version },
    /// The file is missing, or its bytes are not those that were published (409).
    #[error("{version} is damaged: {}: {fault}; restore the file from a copy, or choose another with `models list`", .path.display())]
    Damaged {
        version: Version,
        path: PathBuf,
        fault: String,
    },
    /// The version has a file but no ledger entry, so it cannot become champion (409).
    #[error("{version} has no entry in the ledger: {} was copied there, or its training was cut short; train again, then remove the file", .path.display())]
    Unrecorded { version: Version, path: PathBuf },
    /// The version's ledger line is missing or damaged, so its training evidence is unknown (409).
    #[error("{}{line}: {fault}. This line says which labelled rows {version} has learnt; without it they could be learnt and weighed twice. `models verify` shows the damage: restore the ledger from a copy, or begin anew with `train FILE --promote always`", .path.display())]
    Evidence {
        version: Version,
        path: PathBuf,
        /// The line, as in `, line 3`; empty if no particular line is at fault.
        line: String,
        fault: String,
    },
    /// There is no champion yet (409).
    #[error("there is no champion yet; name one with `models promote`, or train")]
    NoChampion,
    /// There is no earlier champion to roll back to (409).
    #[error(
        "there is nothing to go back to: no champion before {champion} is left; name one with `models promote`"
    )]
    NothingToGoBackTo { champion: Version },
    /// The pointer file is invalid, and the ledger cannot replace it.
    #[error("{} names no version (it holds {found:?}), and the ledger does not say either; put a version there, such as titanic@7", .path.display())]
    Pointer {
        path: PathBuf,
        /// The beginning of the file's content.
        found: String,
    },
    /// No version can be served.
    #[error("no intact model is left: {}", lines(.faults))]
    NothingIntact {
        /// The error of each version that was tried, the champion first.
        faults: Vec<RegistryError>,
    },
    /// There is no table of that name, or its content does not match its name.
    #[error("the table {sha256} {fault}; train again from the source to have it")]
    Table { sha256: String, fault: &'static str },
    /// A file system operation failed.
    #[error("cannot {action} {}: {source}; {}", .path.display(), remedy(.source))]
    Io {
        /// The attempted operation: "write", "read", …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        source: io::Error,
    },
}

impl RegistryError {
    /// Builds a [`RegistryError::Io`] for `map_err`, with the operation and the path.
    pub(super) fn io<'a>(
        action: &'static str,
        path: &'a Path,
    ) -> impl Fn(io::Error) -> RegistryError + 'a {
        move |source| RegistryError::Io {
            action,
            path: path.into(),
            source,
        }
    }
}

fn newest(versions: &[Version]) -> String {
    if versions.is_empty() {
        return "there are none yet: train one".into();
    }
    let names: Vec<_> = versions
        .iter()
        .rev()
        .take(5)
        .map(Version::to_string)
        .collect();
    format!("the newest are {}", names.join(", "))
}

fn lines(faults: &[RegistryError]) -> String {
    faults
        .iter()
        .map(RegistryError::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

fn remedy(source: &io::Error) -> &'static str {
    match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "make room on that disk, or choose another folder with --state"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "give this user the right to write there, or choose another folder with --state"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "a file is in the way: remove it, or choose another folder with --state"
        }
        _ => "check the disk, or choose another folder with --state",
    }
}
