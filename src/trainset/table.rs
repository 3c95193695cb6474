//! The training table that is used if none is named.

use std::path::Path;

use crate::ingest::{self, Loaded, ReadError};
use crate::model::Model;
use crate::model::spec::{Spec, TableSource};
use crate::registry::{Registry, RegistryError};
use crate::schema::row::Purpose;

/// Why there is no training table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The table is not in the registry, or is damaged.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error("the spec {0:?} names no table; name one on the command line")]
    NotNamed(String),
}

/// The table that the spec names, relative to `folder`, the folder of the spec.
pub fn of_spec(spec: &Spec, folder: &Path) -> Result<Loaded, TableError> {
    match &spec.table {
        None => Err(TableError::NotNamed(spec.name.clone())),
        Some(TableSource::File(path)) => Ok(ingest::read_file_as(
            &folder.join(path),
            &spec.schema,
            Purpose::Learn,
            &spec.format,
        )?),
        Some(TableSource::Bundled) => Ok(ingest::bundled(&spec.schema)?),
    }
}

/// The table that a model was trained on, as stored in the registry.
pub fn of_model(registry: &Registry, model: &Model) -> Result<Loaded, TableError> {
    let bytes = registry.table(&model.card().table)?;
    Ok(ingest::kept(&bytes, model.schema())?)
}
