//! A model with its version name and measured cost, as it is loaded, swapped in and named by responses.

use std::sync::Arc;

use jiff::Timestamp;

use super::cost::Cost;
use crate::model::{Model, ModelError};
use crate::registry::{Registry, RegistryError, Version, VersionRef};

/// A loaded model with its version name.
#[derive(Debug)]
pub struct Champion {
    /// Version name such as `titanic@7`, shared by every response that contains it.
    pub name: Arc<str>,
    /// Time of training; `None` if the ledger does not have it.
    pub trained: Option<Timestamp>,
    /// Measured cost of a prediction.
    pub cost: Cost,
    pub model: Model,
}

impl Champion {
    /// Wraps a model: looks up its time of training and measures its cost.
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

    /// Reads a version, verifies and decodes it, and predicts one row as a test. Takes milliseconds, so it must not run
    /// on a serving thread.
    ///
    /// # Errors
    /// If the version cannot serve. It must not become the live model then.
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
pub fn usable(bytes: &[u8]) -> Result<(), ModelError> {
    Model::from_bytes(bytes).map(drop)
}
