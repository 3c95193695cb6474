//! A model as it stands in a file, and back.

use serde::{Deserialize, Serialize};

use super::artifact::{self, ArtifactError};
use super::spec::{Spec, SpecFaults};
use super::{Card, Model, Parts};
use crate::features::Recipe;
use crate::kernel::{Calibration, Kernel};
use crate::stats::profile::Profile;

/// Why bytes are no model that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelFault {
    /// The file itself is damaged or of another kind.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The spec inside does not pass this release's check.
    #[error("the spec inside the model is refused: {0}")]
    Spec(#[from] SpecFaults),
    /// A part does not fit the others.
    #[error("the model's {part} is not usable: {why}; train it again")]
    Part {
        /// Which.
        part: &'static str,
        /// Why.
        why: String,
    },
}

impl ModelFault {
    pub(super) fn part(part: &'static str, why: impl ToString) -> ModelFault {
        ModelFault::Part {
            part,
            why: why.to_string(),
        }
    }
}

/// Fields in the order of the file; a new one means a new format revision.
#[derive(Serialize, Deserialize)]
struct Stored {
    spec: String,
    recipe: Recipe,
    kernel: Kernel,
    calibration: Calibration,
    profile: Profile,
    card: Card,
}

impl Model {
    /// The model's file.
    ///
    /// # Errors
    /// When it is larger than a file may be.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelFault> {
        Ok(artifact::encode(&Stored {
            spec: self.spec.text().to_owned(),
            recipe: self.recipe.clone(),
            kernel: self.kernel.clone(),
            calibration: self.calibration.clone(),
            profile: self.profile.clone(),
            card: self.card.clone(),
        })?)
    }

    /// Reads a model's file: checks the frame, the spec and every part, and answers a row with it.
    ///
    /// # Errors
    /// Says what is damaged or does not fit.
    pub fn from_bytes(bytes: &[u8]) -> Result<Model, ModelFault> {
        let Stored {
            spec,
            recipe,
            kernel,
            calibration,
            profile,
            card,
        } = artifact::decode(bytes)?;
        Model::new(Parts {
            spec: Spec::parse(&spec)?,
            recipe,
            kernel,
            calibration,
            profile,
            card,
        })
    }
}
