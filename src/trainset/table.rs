//! The table a model is trained on when none is named.

use std::path::Path;

use crate::ingest::{self, Loaded, ReadFault};
use crate::model::Model;
use crate::model::spec::{Spec, TableSource};
use crate::registry::{Registry, RegistryError};
use crate::schema::row::Purpose;

/// Why there is no table to train on.
#[derive(Debug, thiserror::Error)]
pub enum NoTable {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadFault),
    /// It is not kept, or damaged.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error("the spec {0:?} names no table; name one on the command line")]
    NotNamed(String),
}

/// The table the spec names as its own, relative to `folder` (where the spec is).
pub fn of_spec(spec: &Spec, folder: &Path) -> Result<Loaded, NoTable> {
    match &spec.table {
        None => Err(NoTable::NotNamed(spec.name.clone())),
        Some(TableSource::File(path)) => Ok(ingest::read_file_as(
            &folder.join(path),
            &spec.schema,
            Purpose::Learn,
            &spec.format,
        )?),
        Some(TableSource::Bundled) => Ok(ingest::bundled(&spec.schema)?),
    }
}

/// The table a model was trained on, as the registry keeps it.
pub fn of_model(registry: &Registry, model: &Model) -> Result<Loaded, NoTable> {
    let bytes = registry.table(&model.card().table)?;
    Ok(ingest::kept(&bytes, model.schema())?)
}
