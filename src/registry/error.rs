//! What can go wrong with the registry, by what the caller can do about it.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::version::{Version, VersionError};

/// A fault of the registry.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// No such version (404).
    #[error("there is no version {wanted}; {}", newest(.known))]
    NotFound {
        /// As it was asked for.
        wanted: String,
        /// The versions there are.
        known: Vec<Version>,
    },
    /// A text or name that can name no version (400).
    #[error(transparent)]
    Version(#[from] VersionError),
    /// The version was removed on purpose, by `models gc` (404).
    #[error(
        "{version} was removed by `models gc`; train again, or choose another with `models list`"
    )]
    Removed { version: Version },
    /// The file is gone, or its bytes are not those that were trained (409).
    #[error("{version} is damaged: {}: {fault}; restore the file from a copy, or choose another with `models list`", .path.display())]
    Damaged {
        version: Version,
        path: PathBuf,
        fault: String,
    },
    /// A file that the ledger knows nothing of cannot become champion (409).
    #[error("{version} has no entry in the ledger: {} was copied there, or its training was cut short; train again, then remove the file", .path.display())]
    Unrecorded { version: Version, path: PathBuf },
    /// The ledger cannot be believed about a version (409).
    #[error("{}{line}: {fault}. This line says which labelled rows {version} has learnt; without it they could be learnt and weighed twice. `models verify` shows the damage: restore the ledger from a copy, or begin anew with `train FILE --promote always`", .path.display())]
    Evidence {
        version: Version,
        path: PathBuf,
        /// `, line 3`; empty where no line is to blame.
        line: String,
        fault: String,
    },
    /// Nothing answers yet (409).
    #[error("there is no champion yet; name one with `models promote`, or train")]
    NoChampion,
    /// No earlier champion is left (409).
    #[error(
        "there is nothing to go back to: no champion before {champion} is left; name one with `models promote`"
    )]
    NothingToGoBackTo { champion: Version },
    /// The pointer file is garbage and the ledger cannot stand in for it.
    #[error("{} names no version (it holds {found:?}), and the ledger cannot tell either; put a version there, such as titanic@7", .path.display())]
    Pointer {
        path: PathBuf,
        /// The beginning of what it holds.
        found: String,
    },
    /// No version is fit to serve.
    #[error("no intact model is left: {}", lines(.faults))]
    NothingIntact {
        /// What is wrong with each that was tried, the champion first.
        faults: Vec<RegistryError>,
    },
    /// No table of that name, or not the bytes it is named for.
    #[error("the table {sha256} {fault}; train again from the source to have it")]
    Table { sha256: String, fault: &'static str },
    /// The file system refused.
    #[error("cannot {action} {}: {source}; {}", .path.display(), remedy(.source))]
    Io {
        /// What was tried: "write", "read", …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        source: io::Error,
    },
}

impl RegistryError {
    /// For `map_err`: names what was tried and where.
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
