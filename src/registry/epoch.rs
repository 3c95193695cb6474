//! The epoch of a registry: a random id, created with the registry and replaced by a restore. Within one epoch `seq` only
//! grows, so that a follower of the ledger can detect that an older state was restored.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Registry, RegistryError, disk};

/// The position of the ledger's end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The `seq` of the last line; 0 if the ledger is empty.
    pub seq: u64,
    /// The epoch in which this `seq` is valid.
    pub epoch: String,
}

impl Registry {
    /// The current position of the ledger. A registry written by a release without epochs gets its first epoch here; one that
    /// is only read has an empty epoch then.
    ///
    /// # Errors
    /// When the epoch or the ledger can be neither read nor written.
    pub fn standing(&self) -> Result<Standing, RegistryError> {
        let epoch = match self.epoch()? {
            Some(epoch) => epoch,
            None if self.is_read_only => String::new(),
            None => {
                drop(self.writer()?);
                self.epoch()?.unwrap_or_default()
            }
        };
        let seq = self.ledger()?.last();
        Ok(Standing { seq, epoch })
    }

    /// Starts a new epoch, which invalidates what followers have read of the ledger. Returns the new epoch.
    pub fn begin_epoch(&self) -> Result<String, RegistryError> {
        let _writer = self.writer()?;
        self.write_epoch()
    }

    /// Creates the first epoch if there is none. The caller must hold the lock.
    pub(super) fn ensure_epoch(&self) -> Result<(), RegistryError> {
        match self.epoch()? {
            Some(_) => Ok(()),
            None => self.write_epoch().map(drop),
        }
    }

    fn epoch(&self) -> Result<Option<String>, RegistryError> {
        let bytes = disk::read(&self.epoch_path())?;
        let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
        Ok(text.filter(|text| !text.is_empty()))
    }

    fn write_epoch(&self) -> Result<String, RegistryError> {
        let epoch = Uuid::new_v4().simple().to_string();
        disk::replace(&self.epoch_path(), format!("{epoch}\n").as_bytes())?;
        Ok(epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;

    #[test]
    fn an_epoch_stays_until_another_begins() {
        let (_state, registry) = registry_with(2);
        let first = registry.standing().unwrap();
        assert_eq!(first.seq, 2);
        promote(&registry, 1);
        let promoted = registry.standing().unwrap();
        assert_eq!((promoted.seq, &promoted.epoch), (3, &first.epoch));
        let second = registry.begin_epoch().unwrap();
        assert_ne!(second, first.epoch);
        let standing = registry.standing().unwrap();
        assert_eq!((standing.seq, standing.epoch), (3, second));
        // A registry of an earlier release has no epoch file; a crash can leave it empty.
        for text in [None, Some("")] {
            match text {
                None => std::fs::remove_file(registry.epoch_path()).unwrap(),
                Some(text) => std::fs::write(registry.epoch_path(), text).unwrap(),
            }
            let made = registry.standing().unwrap().epoch;
            assert_eq!(made.len(), 32);
            assert_eq!(registry.standing().unwrap().epoch, made);
        }
    }
}
