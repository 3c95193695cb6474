//! Selects a model to serve at start: the champion or, if it is damaged, the newest intact older version, together with the
//! errors found on the way, which the caller reports.

use std::fmt::Display;

use super::{Registry, RegistryError, Version, VersionRef, history::History};

/// A version that can be served.
#[derive(Debug)]
pub struct Intact<M> {
    pub version: Version,
    /// The model that the check decoded from the version's bytes.
    pub model: M,
    /// The errors of the champion and of the versions tried before this one; empty if this is the champion.
    pub faults: Vec<RegistryError>,
}

impl Registry {
    /// The champion, else the newest older version whose bytes are those that were trained and pass `check`. None where
    /// nobody was ever champion; an error naming each file and fault where nothing intact is left.
    pub fn newest_intact<M, E: Display>(
        &self,
        check: impl Fn(&[u8]) -> Result<M, E>,
    ) -> Result<Option<Intact<M>>, RegistryError> {
        let ledger = self.ledger()?;
        let history = History::of(ledger.entries());
        let (champion, mut faults) = match self.champion_by(&ledger) {
            Ok(None) => return Ok(None),
            Ok(champion) => (champion, Vec::new()),
            Err(fault @ RegistryError::Pointer { .. }) => (None, vec![fault]),
            Err(fault) => return Err(fault),
        };
        let newest = champion.as_ref().map_or(u64::MAX, Version::number);
        let mut older: Vec<Version> = self
            .versions()?
            .into_iter()
            .map(|listed| listed.version)
            .collect();
        older.retain(|version| version.number() < newest);
        for version in champion.into_iter().chain(older.into_iter().rev()) {
            match self.load(&version, &history, &check) {
                Ok(model) => {
                    return Ok(Some(Intact {
                        version,
                        model,
                        faults,
                    }));
                }
                Err(fault) => faults.push(fault),
            }
        }
        Err(RegistryError::NothingIntact { faults })
    }

    /// A version's bytes, made into a model by `decode`.
    pub fn decode<M, E: Display>(
        &self,
        wanted: &VersionRef,
        decode: impl Fn(&[u8]) -> Result<M, E>,
    ) -> Result<(Version, M), RegistryError> {
        let ledger = self.ledger()?;
        let history = History::of(ledger.entries());
        let version = self.resolve(wanted, &history)?;
        let model = self.load(&version, &history, &decode)?;
        Ok((version, model))
    }

    fn load<M, E: Display>(
        &self,
        version: &Version,
        history: &History,
        decode: &impl Fn(&[u8]) -> Result<M, E>,
    ) -> Result<M, RegistryError> {
        let bytes = self.bytes(version, history)?;
        let path = self.path(version);
        decode(&bytes).map_err(|fault| RegistryError::Damaged {
            version: version.clone(),
            path,
            fault: fault.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;

    fn text(bytes: &[u8]) -> Result<String, String> {
        sound(bytes).map(|()| String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[test]
    fn the_champion_serves_else_the_newest_intact_older_one() {
        let (_state, registry) = registry_with(4);
        assert!(registry.newest_intact(text).unwrap().is_none());
        promote(&registry, 1);
        promote(&registry, 3);
        let intact = registry.newest_intact(text).unwrap().unwrap();
        assert_eq!(
            (intact.version, intact.model.as_str(), intact.faults.len()),
            (version(3), "model 3", 0)
        );

        std::fs::write(registry.path(&version(3)), b"").unwrap();
        std::fs::remove_file(registry.path(&version(2))).unwrap();
        let intact = registry.newest_intact(text).unwrap().unwrap();
        assert_eq!((intact.version, intact.faults.len()), (version(1), 2));

        std::fs::write(registry.path(&version(1)), b"rubbish").unwrap();
        let fault = registry.newest_intact(text).unwrap_err().to_string();
        for part in [
            "wine@3.model: its bytes have SHA-256",
            "wine@2.model: the file is missing",
            "wine@1.model",
        ] {
            assert!(fault.contains(part), "{fault}");
        }
    }

    #[test]
    fn a_lost_ledger_and_pointer_leave_the_newest() {
        let (_state, registry) = registry_with(2);
        promote(&registry, 1);
        std::fs::remove_file(registry.ledger_path()).unwrap();
        assert_eq!(
            registry.newest_intact(text).unwrap().unwrap().version,
            version(1)
        );
        std::fs::write(registry.pointer_path(), "rubbish").unwrap();
        let intact = registry.newest_intact(text).unwrap().unwrap();
        assert_eq!(intact.version, version(2));
        assert!(matches!(intact.faults[..], [RegistryError::Pointer { .. }]));
    }

    #[test]
    fn a_version_is_decoded_by_name() {
        let (_state, registry) = registry_with(1);
        assert_eq!(
            registry.decode(&VersionRef::Number(1), text).unwrap(),
            (version(1), "model 1".into())
        );
        let refuse = |_: &[u8]| Err::<(), _>("made by a later release".to_string());
        let fault = registry
            .decode(&VersionRef::Number(1), refuse)
            .unwrap_err()
            .to_string();
        assert!(
            fault.contains("wine@1.model: made by a later release"),
            "{fault}"
        );
    }
}
