//! The versions there are, as people and programs list them.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Registry, RegistryError, Version, disk, history::History};
use crate::clock;

/// What a version is at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Role {
    Champion,
    /// A rollback would make it champion.
    Previous,
    /// It was champion once.
    Retired,
    /// It never was champion.
    Candidate,
}

/// A version in the list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub version: Version,
    /// What it is at the moment.
    pub role: Role,
    /// When it was trained; none if the ledger does not know it.
    pub trained: Option<Timestamp>,
    /// SHA-256 of its file, as the ledger has it.
    pub sha256: Option<String>,
    /// Whether its file is there. Its bytes are held against the SHA-256 by reading or verifying alone.
    pub present: bool,
    /// Bytes of its file; none where it is gone.
    pub bytes: Option<u64>,
    /// What it was published with: by whom, why, on which figures.
    pub evidence: Option<serde_json::Value>,
}

impl Listed {
    /// When it was trained, as text.
    pub fn trained_text(&self) -> Option<String> {
        self.trained.map(clock::rfc3339)
    }
}

impl Registry {
    /// Every version that was not removed, by number.
    pub fn versions(&self) -> Result<Vec<Listed>, RegistryError> {
        let ledger = self.ledger()?;
        let history = History::of(ledger.entries());
        let champion = self.champion_by(&ledger).ok().flatten();
        let files = self.files()?;
        let recorded = history.trained.values().map(|entry| &entry.model);
        let mut versions: Vec<Version> = files.iter().chain(recorded).cloned().collect();
        versions.sort_by(|one, other| (one.number(), one).cmp(&(other.number(), other)));
        versions.dedup();
        versions.retain(|version| !history.removed.contains(&version.number()));
        Ok(versions
            .into_iter()
            .map(|version| {
                let trained = history
                    .trained
                    .get(&version.number())
                    .filter(|entry| entry.model == version);
                Listed {
                    role: role(&version, champion.as_ref(), &history),
                    trained: trained.map(|entry| entry.time),
                    sha256: trained.map(|entry| entry.sha256.clone()),
                    present: files.contains(&version),
                    bytes: disk::size(&self.path(&version)),
                    evidence: trained.map(|entry| entry.evidence.clone()),
                    version,
                }
            })
            .collect())
    }
}

fn role(version: &Version, champion: Option<&Version>, history: &History) -> Role {
    if champion == Some(version) {
        return Role::Champion;
    }
    match champion.and_then(|champion| history.before(champion)) {
        Some(previous) if previous == version => Role::Previous,
        _ if history.reigned.contains(&version.number()) => Role::Retired,
        _ => Role::Candidate,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;

    #[test]
    fn versions_are_listed_by_number_with_their_roles() {
        let (_state, registry) = registry_with(11);
        [1, 2, 11]
            .into_iter()
            .for_each(|number| drop(promote(&registry, number)));
        std::fs::remove_file(registry.path(&version(3))).unwrap();
        std::fs::write(registry.path(&version(12)), b"model of a crash").unwrap();
        let listed = registry.versions().unwrap();
        assert!(
            listed
                .iter()
                .map(|listed| listed.version.number())
                .eq(1..=12)
        );
        let role = |number: usize| listed[number - 1].role;
        assert_eq!(
            [role(1), role(2), role(3)],
            [Role::Retired, Role::Previous, Role::Candidate]
        );
        assert_eq!([role(11), role(12)], [Role::Champion, Role::Candidate]);
        assert!(!listed[2].present && listed[2].sha256.is_some());
        assert!(listed[11].present && listed[11].trained.is_none());
        assert_eq!(
            listed[0].trained_text().unwrap(),
            "2026-01-01T00:00:00.000Z"
        );
        assert_eq!(listed[0].evidence.as_ref().unwrap()["rows"], 891);
    }
}
