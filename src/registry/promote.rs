//! Changes the champion by promotion or rollback. The ledger line is written before the pointer; the documentation of
//! [`super`] describes a crash between them.

use std::fmt::Display;

use jiff::Timestamp;

use super::{
    Decision, Registry, RegistryError, Version, VersionRef,
    entry::{Action, digest},
    writer::Writer,
};

/// The result of a promotion or rollback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promotion {
    pub version: Version,
    /// The previous champion, if there was one.
    pub previous: Option<Version>,
    /// The `seq` of the ledger line that made it champion.
    pub seq: u64,
    /// Whether the champion changed. If the version already was champion, nothing was written.
    pub changed: bool,
}

impl Registry {
    /// Makes a version champion. Its bytes must be those that were trained and pass `check`; a version that is champion
    /// already stays it, and no line is written.
    pub fn promote<E: Display>(
        &self,
        wanted: &VersionRef,
        decision: Decision,
        check: impl FnOnce(&[u8]) -> Result<(), E>,
        now: Timestamp,
    ) -> Result<Promotion, RegistryError> {
        let mut writer = self.writer()?;
        let version = self.resolve(wanted, &writer.history())?;
        let sha256 = writer.check(&version, check)?;
        let previous = writer.champion()?;
        if previous.as_ref() == Some(&version) {
            return Ok(writer.unchanged(version));
        }
        writer.crown(Action::Promoted, version, previous, sha256, decision, now)
    }

    /// As [`Registry::promote`], but only if the champion is still `over`, which the decision was made against; none
    /// otherwise, and nothing was written.
    pub fn promote_over<E: Display>(
        &self,
        over: Option<&Version>,
        version: &Version,
        decision: Decision,
        check: impl FnOnce(&[u8]) -> Result<(), E>,
        now: Timestamp,
    ) -> Result<Option<Promotion>, RegistryError> {
        let mut writer = self.writer()?;
        let sha256 = writer.check(version, check)?;
        let previous = writer.champion()?;
        let version = version.clone();
        if previous.as_ref() == Some(&version) {
            return Ok(Some(writer.unchanged(version)));
        }
        if previous.as_ref() != over {
            return Ok(None);
        }
        writer
            .crown(Action::Promoted, version, previous, sha256, decision, now)
            .map(Some)
    }

    /// As [`Registry::rollback`], but only if the champion is still `from`; none otherwise, and nothing was written.
    pub fn rollback_from<E: Display>(
        &self,
        from: &Version,
        decision: Decision,
        check: impl FnOnce(&[u8]) -> Result<(), E>,
        now: Timestamp,
    ) -> Result<Option<Promotion>, RegistryError> {
        let mut writer = self.writer()?;
        if writer.champion()?.as_ref() != Some(from) {
            return Ok(None);
        }
        writer
            .roll_back(from.clone(), decision, check, now)
            .map(Some)
    }

    /// Makes the champion before this one champion again. Doing so twice goes further back, not to and fro: a rollback is
    /// undo, as `registry/history.rs` tells.
    pub fn rollback<E: Display>(
        &self,
        decision: Decision,
        check: impl FnOnce(&[u8]) -> Result<(), E>,
        now: Timestamp,
    ) -> Result<Promotion, RegistryError> {
        let mut writer = self.writer()?;
        let champion = writer.champion()?.ok_or(RegistryError::NoChampion)?;
        writer.roll_back(champion, decision, check, now)
    }
}

impl Writer<'_> {
    fn roll_back<E: Display>(
        &mut self,
        champion: Version,
        decision: Decision,
        check: impl FnOnce(&[u8]) -> Result<(), E>,
        now: Timestamp,
    ) -> Result<Promotion, RegistryError> {
        let target = self.history().before(&champion).cloned();
        let Some(version) = target else {
            return Err(RegistryError::NothingToGoBackTo { champion });
        };
        let sha256 = self.check(&version, check)?;
        self.crown(
            Action::RolledBack,
            version,
            Some(champion),
            sha256,
            decision,
            now,
        )
    }

    /// The SHA-256 of a version that is fit to be champion.
    fn check<E: Display>(
        &self,
        version: &Version,
        check: impl FnOnce(&[u8]) -> Result<(), E>,
    ) -> Result<String, RegistryError> {
        let history = self.history();
        let path = self.registry.path(version);
        if !history.trained.contains_key(&version.number()) {
            return Err(RegistryError::Unrecorded {
                version: version.clone(),
                path,
            });
        }
        let bytes = self.registry.bytes(version, &history)?;
        check(&bytes).map_err(|fault| RegistryError::Damaged {
            version: version.clone(),
            path,
            fault: fault.to_string(),
        })?;
        Ok(digest(&bytes))
    }

    fn crown(
        &mut self,
        action: Action,
        version: Version,
        previous: Option<Version>,
        sha256: String,
        decision: Decision,
        now: Timestamp,
    ) -> Result<Promotion, RegistryError> {
        let entry = self.record(action, &version, previous, sha256, decision, now)?;
        self.point_to(&version)?;
        Ok(Promotion {
            version,
            previous: entry.previous,
            seq: entry.seq,
            changed: true,
        })
    }

    fn unchanged(&self, version: Version) -> Promotion {
        let moved = self.history().moved;
        let previous = moved.and_then(|entry| entry.previous.clone());
        Promotion {
            version,
            previous,
            seq: moved.map_or(0, |entry| entry.seq),
            changed: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;

    #[test]
    fn a_promotion_moves_the_pointer_and_says_what_was_before() {
        let (_state, registry) = registry_with(2);
        let first = promote(&registry, 1);
        assert_eq!(
            first,
            Promotion {
                version: version(1),
                previous: None,
                seq: 3,
                changed: true
            }
        );
        let second = promote(&registry, 2);
        assert_eq!(
            second,
            Promotion {
                version: version(2),
                previous: Some(version(1)),
                seq: 4,
                changed: true
            }
        );
        assert_eq!(
            std::fs::read_to_string(registry.pointer_path()).unwrap(),
            "wine@2\n"
        );
        assert_eq!(
            promote(&registry, 2),
            Promotion {
                changed: false,
                ..second
            }
        );
        assert_eq!(registry.ledger().unwrap().lines.len(), 4);
    }

    #[test]
    fn a_decision_made_against_another_champion_is_not_carried_out() {
        let (_state, registry) = registry_with(3);
        let promote_over = |over: Option<u64>, number| {
            let over = over.map(version);
            let (version, decision) = (version(number), because());
            registry
                .promote_over(over.as_ref(), &version, decision, sound, now())
                .unwrap()
                .map(|p| (p.version.number(), p.previous.map(|v| v.number())))
        };
        assert_eq!(promote_over(Some(2), 1), None);
        assert_eq!(promote_over(None, 1), Some((1, None)));
        assert_eq!(promote_over(None, 2), None);
        assert_eq!(
            promote_over(None, 1),
            Some((1, None)),
            "it is champion already"
        );
        assert_eq!(registry.champion().unwrap(), Some(version(1)));
        assert_eq!(registry.ledger().unwrap().lines.len(), 4);
        assert_eq!(promote_over(Some(1), 2), Some((2, Some(1))));
        assert_eq!(registry.champion().unwrap(), Some(version(2)));
    }

    #[test]
    fn rolling_back_twice_goes_further_back() {
        let (_state, registry) = registry_with(3);
        assert!(matches!(
            rollback(&registry),
            Err(RegistryError::NoChampion)
        ));
        (1..=3).for_each(|number| drop(promote(&registry, number)));
        let back = rollback(&registry).unwrap();
        assert_eq!(
            back,
            Promotion {
                version: version(2),
                previous: Some(version(3)),
                seq: 7,
                changed: true
            }
        );
        assert_eq!(rollback(&registry).unwrap().version, version(1));
        let fault = rollback(&registry).unwrap_err();
        assert!(matches!(fault, RegistryError::NothingToGoBackTo { .. }));
        assert!(
            fault.to_string().contains("no champion before wine@1"),
            "{fault}"
        );
        assert_eq!(registry.champion().unwrap(), Some(version(1)));
    }

    #[test]
    fn a_damaged_missing_or_unsound_version_is_refused_and_the_champion_stays() {
        let (_state, registry) = registry_with(3);
        promote(&registry, 1);
        let refused = |number| {
            let fault = registry
                .promote(&VersionRef::Number(number), because(), sound, now())
                .unwrap_err();
            assert_eq!(registry.champion().unwrap(), Some(version(1)));
            fault
        };
        std::fs::write(registry.path(&version(2)), b"model X").unwrap();
        assert!(matches!(refused(2), RegistryError::Damaged { .. }));
        std::fs::remove_file(registry.path(&version(3))).unwrap();
        assert!(matches!(refused(3), RegistryError::Damaged { .. }));
        assert!(matches!(refused(4), RegistryError::NotFound { .. }));
        let odd = registry.publish("wine", b"odd", because(), now()).unwrap();
        let fault = refused(odd.number()).to_string();
        assert!(fault.contains("not a model"), "{fault}");
        // Promoting the champion again also fails if its file is damaged.
        std::fs::write(registry.path(&version(1)), b"model X").unwrap();
        assert!(matches!(refused(1), RegistryError::Damaged { .. }));
    }
}
