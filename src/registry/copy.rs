//! Copies a registry into another state folder, for a backup.

use std::fs;
use std::path::Path;

use super::{Registry, RegistryError, Version, disk, history::History};

/// What a copied registry holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The files of versions.
    pub models: u64,
    /// The training tables.
    pub tables: u64,
    /// The lines of the ledger.
    pub ledger: u64,
    pub champion: Option<Version>,
}

impl Registry {
    /// Copies versions, pointer, ledger and tables, as they are at one moment, into the empty state folder `state`. Files that
    /// are never changed become hard links where the file system has them. The epoch is not copied: a copy has its own.
    ///
    /// # Errors
    /// When a file cannot be read or written; `state` then holds a part.
    pub fn copy_to(&self, state: &Path) -> Result<Copied, RegistryError> {
        let to = Registry::open(state)?;
        disk::create_folder(&to.models)?;
        disk::create_folder(&to.tables)?;
        // Trainings and promotions wait until the files are listed and linked.
        let _lock = disk::Lock::shared(&self.lock_path());
        for version in self.files()? {
            link(&self.path(&version), &to.path(&version))?;
        }
        for table in self.table_files()? {
            let name = table.file_name().unwrap_or_default();
            link(&table, &to.tables.join(name))?;
        }
        // The ledger grows in place, and the pointer is small.
        for (from, to) in [
            (self.ledger_path(), to.ledger_path()),
            (self.pointer_path(), to.pointer_path()),
        ] {
            if let Some(bytes) = disk::read(&from)? {
                disk::replace(&to, &bytes)?;
            }
        }
        to.contents()
    }

    /// Counts what the registry holds.
    pub fn contents(&self) -> Result<Copied, RegistryError> {
        let ledger = self.ledger()?;
        Ok(Copied {
            models: self.files()?.len() as u64,
            tables: self.table_files()?.len() as u64,
            ledger: ledger.lines.len() as u64,
            champion: History::of(ledger.entries()).champion().cloned(),
        })
    }

    /// Whether nothing was ever registered here: no version, no ledger, no pointer, no table.
    pub fn is_empty(&self) -> Result<bool, RegistryError> {
        let has_pointer = self.ledger_path().exists() || self.pointer_path().exists();
        Ok(!has_pointer && self.files()?.is_empty() && self.table_files()?.is_empty())
    }

    fn table_files(&self) -> Result<Vec<std::path::PathBuf>, RegistryError> {
        let is_table = |path: &std::path::PathBuf| {
            path.file_name()
                .and_then(|name| name.to_str())
                .is_some_and(Registry::is_table)
        };
        Ok(disk::files(&self.tables)?
            .into_iter()
            .filter(is_table)
            .collect())
    }
}

fn link(from: &Path, to: &Path) -> Result<(), RegistryError> {
    if fs::hard_link(from, to).is_ok() {
        return Ok(());
    }
    // Another file system, or one without links.
    fs::copy(from, to)
        .map(drop)
        .map_err(RegistryError::io("copy", from))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;

    #[test]
    fn a_copy_is_a_registry_of_its_own() {
        let (_state, registry) = registry_with(2);
        promote(&registry, 2);
        registry.put_table(b"PAR1").unwrap();
        let empty = tempfile::tempdir().unwrap();
        assert!(Registry::open(empty.path()).unwrap().is_empty().unwrap());

        let copied = registry.copy_to(empty.path()).unwrap();
        let expected = Copied {
            models: 2,
            tables: 1,
            ledger: 3,
            champion: Some(version(2)),
        };
        assert_eq!(copied, expected);
        let copy = Registry::open(empty.path()).unwrap();
        assert_eq!(copy.verify(None).unwrap(), []);
        assert!(!copy.is_empty().unwrap());
        assert_eq!(copy.table(&digest(b"PAR1")).unwrap(), b"PAR1");
        // What happens to one is nothing to the other.
        promote(&copy, 1);
        assert_eq!(registry.champion().unwrap(), Some(version(2)));
        let (one, other) = (registry.standing().unwrap(), copy.standing().unwrap());
        assert_eq!((one.seq, other.seq), (3, 4));
        assert_ne!(one.epoch, other.epoch);
    }

    fn digest(bytes: &[u8]) -> String {
        Registry::table_name(bytes)
    }
}
