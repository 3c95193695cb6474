//! `models verify`: checks the ledger's hash chain, the pointer and every version file against each other.
//!
//! The check waits for writers, so that a line being written is not mistaken for an incomplete one.

use std::collections::BTreeSet;

use super::{
    Registry, RegistryError, Version, VersionRef, disk, finding, history::History, ledger::Ledger,
};

pub use super::finding::{Damage, Finding};

impl Registry {
    /// All defects of the registry or, with `only`, of one version's file. An empty result means that none was found.
    pub fn verify(&self, only: Option<&VersionRef>) -> Result<Vec<Finding>, RegistryError> {
        let _lock = disk::Lock::shared(&self.lock_path());
        let ledger = self.ledger()?;
        let history = History::of(ledger.entries());
        if let Some(wanted) = only {
            let version = self.resolve(wanted, &history)?;
            return Ok(self.check_file(&version, &history)?.into_iter().collect());
        }
        let mut findings = check_lines(&ledger);
        findings.extend(self.check_pointer(&history)?);
        let recorded = history.trained.values().map(|entry| entry.model.clone());
        let versions: BTreeSet<Version> = self.files()?.into_iter().chain(recorded).collect();
        for version in versions {
            findings.extend(self.check_file(&version, &history)?);
        }
        Ok(findings)
    }

    fn check_pointer(&self, history: &History) -> Result<Option<Finding>, RegistryError> {
        let finding = |damage, detail| {
            Some(Finding {
                file: "champion".into(),
                line: None,
                damage,
                detail,
            })
        };
        let champion = history.champion();
        Ok(match self.pointer() {
            Ok(pointer) if pointer.as_ref() == champion => None,
            Ok(pointer) => finding(
                Damage::PointerElsewhere,
                format!(
                    "it names {}, the ledger's last promotion or rollback {}; the next promotion puts it right",
                    name(pointer.as_ref()),
                    name(champion)
                ),
            ),
            Err(RegistryError::Pointer { found, .. }) => finding(
                Damage::PointerUnreadable,
                format!("it holds {found:?}, no version; the next promotion puts it right"),
            ),
            Err(fault) => return Err(fault),
        })
    }

    fn check_file(
        &self,
        version: &Version,
        history: &History,
    ) -> Result<Option<Finding>, RegistryError> {
        let finding = |damage, detail: String| {
            Some(Finding {
                file: version.file_name(),
                line: None,
                damage,
                detail,
            })
        };
        let present = self.path(version).exists();
        let removed = history.removed.contains(&version.number());
        let recorded = history
            .trained
            .get(&version.number())
            .is_some_and(|entry| entry.model == *version);
        Ok(match (present, removed, recorded) {
            (false, true, _) => None,
            (true, true, _) => {
                finding(Damage::FileNotRemoved, "the ledger says it was removed; the next write removes it".into())
            }
            (true, false, false) => finding(
                Damage::FileUnrecorded,
                "the ledger does not know it: it was copied there, or its training was cut short; remove it".into(),
            ),
            (false, false, _) => {
                finding(Damage::FileMissing, "the file is missing; restore it from a copy, or train again".into())
            }
            (true, false, true) => match self.bytes(version, history) {
                Ok(_) => None,
                Err(RegistryError::Damaged { fault, .. }) => {
                    finding(Damage::FileDamaged, format!("{fault}; restore it from a copy, or train again"))
                }
                Err(fault) => return Err(fault),
            },
        })
    }
}

fn name(version: Option<&Version>) -> String {
    version.map_or("none".into(), Version::to_string)
}

fn check_lines(ledger: &Ledger) -> Vec<Finding> {
    let finding = |line, (damage, detail)| Finding {
        file: "ledger.jsonl".into(),
        line: Some(line),
        damage,
        detail,
    };
    let faulty = ledger
        .lines
        .iter()
        .filter_map(|line| Some((line.number, line.fault.as_ref()?)));
    let mut findings: Vec<Finding> = faulty
        .map(|(number, fault)| finding(number, finding::describe(fault)))
        .collect();
    if ledger.torn > 0 {
        let detail = format!(
            "{} bytes of a line whose writer crashed; the next write cuts them off",
            ledger.torn
        );
        findings.push(finding(
            ledger.lines.len() as u64 + 1,
            (Damage::LineTorn, detail),
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::fixture::*;
    use super::*;

    /// Compares the findings with `expected` after `wound` damaged a registry of three versions, of which 1 and 2 were
    /// promoted in turn (five ledger lines).
    fn check(wound: impl Fn(&Registry), expected: &[(&str, Option<u64>, Damage)]) {
        let (_state, registry) = registry_with(3);
        promote(&registry, 1);
        promote(&registry, 2);
        wound(&registry);
        let findings = registry.verify(None).unwrap();
        let found: Vec<_> = findings
            .iter()
            .map(|found| (found.file.as_str(), found.line, found.damage))
            .collect();
        assert_eq!(found, expected, "{findings:#?}");
    }

    fn rewrite(registry: &Registry, change: impl Fn(&mut Vec<&str>)) {
        let text = fs::read_to_string(registry.ledger_path()).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        change(&mut lines);
        fs::write(registry.ledger_path(), lines.join("\n") + "\n").unwrap();
    }

    #[test]
    fn every_wound_is_found_and_nothing_else() {
        use Damage::*;
        check(|_| (), &[]);
        check(
            |registry| {
                let text = fs::read_to_string(registry.ledger_path()).unwrap();
                let (head, tail) = text.split_at(text.rfind("to see").unwrap());
                fs::write(
                    registry.ledger_path(),
                    format!("{head}{}", tail.replacen("to see", "to hide", 1)),
                )
                .unwrap();
            },
            &[("ledger.jsonl", Some(5), LineEdited)],
        );
        check(
            |registry| {
                rewrite(registry, |lines| {
                    lines.retain(|line| !line.starts_with(r#"{"seq":2,"#))
                })
            },
            &[
                ("ledger.jsonl", Some(2), LineOutOfOrder),
                ("wine@2.model", None, FileUnrecorded),
            ],
        );
        check(
            |registry| rewrite(registry, |lines| lines.truncate(4)),
            &[("champion", None, PointerElsewhere)],
        );
        check(
            |registry| {
                let text = fs::read(registry.ledger_path()).unwrap();
                fs::write(
                    registry.ledger_path(),
                    [text.as_slice(), b"{\"seq\":6"].concat(),
                )
                .unwrap();
            },
            &[("ledger.jsonl", Some(6), LineTorn)],
        );
        check(
            |registry| fs::write(registry.pointer_path(), "wine@1\n").unwrap(),
            &[("champion", None, PointerElsewhere)],
        );
        check(
            |registry| fs::write(registry.pointer_path(), "?").unwrap(),
            &[("champion", None, PointerUnreadable)],
        );
        check(
            |registry| fs::write(registry.path(&version(1)), b"model X").unwrap(),
            &[("wine@1.model", None, FileDamaged)],
        );
        check(
            |registry| fs::remove_file(registry.path(&version(3))).unwrap(),
            &[("wine@3.model", None, FileMissing)],
        );
        check(
            |registry| fs::write(registry.path(&version(4)), b"model 4").unwrap(),
            &[("wine@4.model", None, FileUnrecorded)],
        );
    }

    #[test]
    fn one_version_is_verified_alone() {
        let (_state, registry) = registry_with(2);
        fs::write(registry.path(&version(1)), b"").unwrap();
        let findings = registry.verify(Some(&VersionRef::Number(1))).unwrap();
        assert!(
            findings[0]
                .to_string()
                .starts_with("wine@1.model: its bytes have SHA-256"),
            "{}",
            findings[0]
        );
        assert!(
            registry
                .verify(Some(&VersionRef::Number(2)))
                .unwrap()
                .is_empty()
        );
        assert!(matches!(
            registry.verify(Some(&VersionRef::Number(3))),
            Err(RegistryError::NotFound { .. })
        ));
    }
}
