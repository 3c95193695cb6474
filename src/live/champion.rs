//! A model under its name, with what it costs: what is loaded, swapped in and named by every response.

use std::sync::Arc;

use jiff::Timestamp;

use super::cost::Cost;
use crate::model::{Model, ModelFault};
use crate::registry::{Registry, RegistryError, Version, VersionRef};

/// A model under its name.
#[derive(Debug)]
pub struct Champion {
    /// `titanic@7`, shared by every response that names it.
    pub name: Arc<str>,
    /// When it was trained; none where the ledger does not know.
    pub trained: Option<Timestamp>,
    /// What its predictions cost.
    pub cost: Cost,
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
        let (version, model) =
            registry.decode(&VersionRef::from(version.clone()), Model::from_bytes)?;
        Ok(Champion::new(registry, &version, model))
    }
}

/// Whether bytes are a model that can become champion.
///
/// # Errors
/// What is wrong with them.
pub fn usable(bytes: &[u8]) -> Result<(), ModelFault> {
    Model::from_bytes(bytes).map(drop)
}
