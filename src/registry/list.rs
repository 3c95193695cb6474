//! Lists the versions of the registry, for display and for programs.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::Training;
use super::{Registry, RegistryError, Version, disk, history::History};
use crate::clock;

/// The current role of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Role {
    Champion,
    /// The version that a rollback would make champion.
    Previous,
    /// The version was champion in the past.
    Retired,
    /// The version has never been champion.
    Candidate,
}

/// A version in the list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub version: Version,
    pub role: Role,
    /// When the version was trained; `None` if the ledger has no line for it.
    pub trained: Option<Timestamp>,
    /// SHA-256 of the version's file according to the ledger.
    pub sha256: Option<String>,
    /// Whether the file exists. Its SHA-256 is checked only when the version is read or verified.
    pub present: bool,
    /// Size of the file in bytes; `None` if it is missing.
    pub bytes: Option<u64>,
    /// What the version was trained on; `None` if the ledger does not say it.
    pub training: Option<Training>,
}

impl Listed {
    /// The training time in RFC 3339 form.
    pub fn trained_text(&self) -> Option<String> {
        self.trained.map(clock::rfc3339)
    }
}

impl Registry {
    /// All versions that were not removed, by number.
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
                    training: trained.and_then(|entry| entry.training().ok()),
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
        assert_eq!(listed[0].training.as_ref().unwrap().through, Some(9));
    }
}
