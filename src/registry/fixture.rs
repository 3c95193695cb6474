//! Test fixture: a registry in a temporary folder.

use jiff::Timestamp;

use super::evidence::Training;
use super::{Decision, Evidence, Promotion, Registry, RegistryError, Version, VersionRef};

pub(super) fn now() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

pub(super) fn because() -> Decision {
    Decision {
        by: "a test".into(),
        reason: "to see".into(),
        evidence: Evidence::Training(Box::new(Training {
            cv: None,
            through: Some(9),
            rows: None,
            gate: None,
        })),
    }
}

pub(super) fn version(number: u64) -> Version {
    Version::new("wine", number).unwrap()
}

/// A registry with the versions wine@1 … wine@`count`, whose files contain `model 1` … and none of which is champion.
pub(super) fn registry_with(count: u64) -> (tempfile::TempDir, Registry) {
    let state = tempfile::tempdir().unwrap();
    let registry = Registry::open(state.path()).unwrap();
    for number in 1..=count {
        assert_eq!(publish(&registry), version(number));
    }
    (state, registry)
}

/// Publishes the next version of wine.
pub(super) fn publish(registry: &Registry) -> Version {
    let next = registry.versions().unwrap().len() + 1;
    registry
        .publish("wine", format!("model {next}").as_bytes(), because(), now())
        .unwrap()
}

pub(super) fn promote(registry: &Registry, number: u64) -> Promotion {
    registry
        .promote(&VersionRef::Number(number), because(), sound, now())
        .unwrap()
}

pub(super) fn rollback(registry: &Registry) -> Result<Promotion, RegistryError> {
    registry.rollback(because(), sound, now())
}

/// Stands in for the check that a file's bytes are a valid model.
pub(super) fn sound(bytes: &[u8]) -> Result<(), String> {
    if bytes.starts_with(b"model ") {
        Ok(())
    } else {
        Err("not a model".into())
    }
}
