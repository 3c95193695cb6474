//! Garbage collection: removes version files that are no longer needed. The ledger line is written before the file is
//! removed; if a crash comes between, the next writer removes the file.

use jiff::Timestamp;

use super::{Decision, Registry, RegistryError, Role, Version, disk, entry::Action};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swept {
    /// The removed versions, by number.
    pub removed: Vec<Version>,
    /// Total size of the removed files in bytes.
    pub bytes: u64,
}

impl Registry {
    /// Removes the files of all versions except the champion, the target of a rollback, the shadow model and the `keep`
    /// newest others. Files without a ledger line are left for the operator.
    pub fn gc(
        &self,
        keep: usize,
        decision: Decision,
        now: Timestamp,
    ) -> Result<Swept, RegistryError> {
        let mut writer = self.writer()?;
        // The list cannot change while the lock is held.
        writer.champion()?;
        let shadow = writer.history().shadow.map(|entry| entry.model.clone());
        let mut spare = self.versions()?;
        spare.retain(|listed| Some(&listed.version) != shadow.as_ref());
        spare.retain(|listed| {
            !matches!(listed.role, Role::Champion | Role::Previous) && listed.sha256.is_some()
        });
        spare.truncate(spare.len().saturating_sub(keep));
        let mut swept = Swept {
            removed: Vec::new(),
            bytes: 0,
        };
        for listed in spare {
            let (version, sha256) = (listed.version, listed.sha256.unwrap_or_default());
            let path = self.path(&version);
            let size = std::fs::metadata(&path).map_or(0, |file| file.len());
            let champion = writer.champion()?;
            writer.record(
                Action::Removed,
                &version,
                champion,
                sha256,
                decision.clone(),
                now,
            )?;
            disk::remove(&path)?;
            swept.bytes += size;
            swept.removed.push(version);
        }
        Ok(swept)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{VersionRef, fixture::*};
    use super::*;

    #[test]
    fn the_champion_the_one_before_and_the_newest_stay() {
        let (_state, registry) = registry_with(6);
        [1, 3]
            .into_iter()
            .for_each(|number| drop(promote(&registry, number)));
        let swept = registry.gc(1, because(), now()).unwrap();
        assert_eq!(
            swept,
            Swept {
                removed: vec![version(2), version(4), version(5)],
                bytes: 21
            }
        );
        let left: Vec<u64> = registry
            .versions()
            .unwrap()
            .iter()
            .map(|listed| listed.version.number())
            .collect();
        assert_eq!(left, [1, 3, 6]);
        assert!(registry.verify(None).unwrap().is_empty());
        let fault = registry.read(&VersionRef::Number(4)).unwrap_err();
        assert!(matches!(fault, RegistryError::Removed { .. }), "{fault}");
        assert_eq!(rollback(&registry).unwrap().version, version(1));
        assert_eq!(
            registry
                .publish("wine", b"model", because(), now())
                .unwrap(),
            version(7)
        );
    }

    #[test]
    fn a_crash_between_line_and_file_is_rolled_forward() {
        let (_state, registry) = registry_with(2);
        promote(&registry, 2);
        registry.gc(0, because(), now()).unwrap();
        std::fs::write(registry.path(&version(1)), b"model 1").unwrap(); // as it was before the removal
        assert_eq!(registry.verify(None).unwrap().len(), 1);
        promote(&registry, 2);
        assert!(!registry.path(&version(1)).exists());
        assert!(registry.verify(None).unwrap().is_empty());
    }
}
