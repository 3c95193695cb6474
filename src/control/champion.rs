//! The model that answers, under its name, and the seat it answers from.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;

use super::cost::Cost;
use crate::model::Model;
use crate::registry::live::Live;
use crate::registry::{Registry, RegistryError, Version, VersionRef};

/// A model under its name.
#[derive(Debug)]
pub struct Champion {
    /// `titanic@7`, to be shared by every answer that names it.
    pub name: Arc<str>,
    /// When it was trained; none where the ledger does not know.
    pub trained: Option<Timestamp>,
    /// What its answers cost.
    pub cost: Cost,
    /// The model.
    pub model: Model,
}

impl Champion {
    /// Puts a model under its name.
    pub fn new(registry: &Registry, version: &Version, model: Model) -> Champion {
        let listed = registry.versions().unwrap_or_default();
        let trained = listed.into_iter().find(|listed| listed.version == *version);
        Champion {
            name: version.to_string().into(),
            trained: trained.and_then(|listed| listed.trained),
            cost: Cost::of(&model),
            model,
        }
    }

    /// Reads, checks, decodes and rehearses a version. Takes milliseconds: not for a thread that serves.
    ///
    /// # Errors
    /// What is wrong with it; it must not become current then.
    pub fn read(registry: &Registry, version: &Version) -> Result<Champion, RegistryError> {
        let (version, model) = registry.decode(&VersionRef::from(version.clone()), decode)?;
        Ok(Champion::new(registry, &version, model))
    }
}

/// Bytes into a model that has answered once.
///
/// # Errors
/// What is wrong with them.
pub fn decode(bytes: &[u8]) -> Result<Model, String> {
    Model::from_bytes(bytes).map_err(|fault| fault.to_string())
}

/// Whether bytes are a model that can become champion.
///
/// # Errors
/// What is wrong with them.
pub fn usable(bytes: &[u8]) -> Result<(), String> {
    decode(bytes).map(drop)
}

/// Where the model that answers is found; empty until the first one is loaded. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Seat(Arc<OnceLock<Live<Champion>>>);

impl Seat {
    /// The live model, if there is one yet.
    pub fn live(&self) -> Option<&Live<Champion>> {
        self.0.get()
    }

    /// Seats the first champion, or another one; gives the name of the one before.
    pub fn take(&self, version: Version, champion: Champion, now: Timestamp) -> Option<Arc<str>> {
        let champion = Arc::new(champion);
        let mut first = false;
        let live = self.0.get_or_init(|| {
            first = true;
            Live::new(version.clone(), champion.clone(), now)
        });
        (!first).then(|| live.swap(version, champion, now).model.name.clone())
    }

    /// The version that answers.
    pub fn version(&self) -> Option<Version> {
        self.live().map(|live| live.load().version.clone())
    }
}
