//! The manifest, the last file of an archive: what the archive holds, and the digest of every file.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::contents::Contents;
use crate::registry::{Registry, Version};
use crate::store;

/// Name of the manifest in the archive.
pub(super) const NAME: &str = "manifest.json";

/// Name of the settings in the archive.
pub(super) const SETTINGS: &str = "settings.json";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the program that made the archive.
    pub program: String,
    #[serde(with = "crate::clock::timestamp")]
    pub created: Timestamp,
    #[serde(flatten)]
    pub contents: Contents,
    /// Every other file of the archive, by its path.
    pub files: BTreeMap<String, FileDigest>,
}

/// A file of the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDigest {
    pub bytes: u64,
    pub sha256: String,
}

/// Whether a file of this path may stand in an archive. Nothing else is unpacked, so that an archive can write nowhere else.
pub(super) fn is_known(path: &str) -> bool {
    match path.split_once('/') {
        None => path == store::NAME || path == SETTINGS || path == NAME,
        Some(("models", name)) => {
            name == "ledger.jsonl" || name == "champion" || Version::of_file(name).is_some()
        }
        Some(("tables", name)) => Registry::is_table(name),
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_can_write_nowhere_else() {
        let table = format!("tables/{}.parquet", "0a".repeat(32));
        for path in [
            "events.redb",
            "settings.json",
            "manifest.json",
            "models/ledger.jsonl",
            "models/champion",
            "models/wine@12.model",
            &table,
        ] {
            assert!(is_known(path), "{path}");
        }
        for path in [
            "",
            "events.pid",
            "/etc/passwd",
            "../events.redb",
            "models/../events.redb",
            "models/epoch",
            "models/lock",
            "models/wine@1.model/x",
            "models/../../wine@1.model",
            "tables/x.parquet",
            "tables/../ledger.jsonl",
            "models",
            "models/",
        ] {
            assert!(!is_known(path), "{path}");
        }
    }
}
