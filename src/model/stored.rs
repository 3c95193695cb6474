//! Serialization of a model to and from a model file.

use serde::{Deserialize, Serialize};

use super::artifact::{self, ArtifactError};
use super::card::Work;
use super::error::ModelError;
use super::evaluation::Evaluation;
use super::spec::{Spec, SpecErrors};
use super::{Card, Model, Parts};
use crate::features::Recipe;
use crate::kernel::{Calibration, Kernel};
use crate::schema::warnings::ColumnWarning;
use crate::stats::profile::Profile;

/// The payload of revision 1. The order of its fields is the file layout and none may be added, because bincode decodes by
/// position.
#[derive(Serialize, Deserialize)]
struct Revision1 {
    spec: String,
    recipe: Recipe,
    kernel: Kernel,
    calibration: Calibration,
    profile: Profile,
    card: Card,
}

/// The payload of revisions 2 and 3.
#[derive(Serialize, Deserialize)]
struct Revision2 {
    first: Revision1,
    /// Mean probability of the training rows; see [`Model::base`].
    base: f64,
    facts: String,
}

/// Further facts in a model file. They are stored as JSON inside the payload, so that a field with a default can be added
/// without a new format revision.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Facts {
    table_warnings: Vec<ColumnWarning>,
    evaluation: Option<Box<Evaluation>>,
    work: Option<Work>,
}

impl Model {
    /// # Errors
    /// When the model exceeds the maximum size of a file.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        let facts = Facts {
            table_warnings: self.card.table_warnings.clone(),
            evaluation: self.card.evaluation.clone(),
            work: self.card.work.clone(),
        };
        Ok(artifact::encode(&Revision2 {
            first: Revision1 {
                spec: self.spec.text().to_owned(),
                recipe: self.recipe.clone(),
                kernel: self.kernel.clone(),
                calibration: self.calibration.clone(),
                profile: self.profile.clone(),
                card: self.card.clone(),
            },
            base: self.base,
            facts: serde_json::to_string(&facts)
                .map_err(|fault| ArtifactError::Unencodable(fault.to_string()))?,
        })?)
    }

    /// Loads a model file: validates the frame, the spec and every part, and makes a test prediction.
    ///
    /// # Errors
    /// Says what is damaged or does not fit.
    pub fn from_bytes(bytes: &[u8]) -> Result<Model, ModelError> {
        let file = artifact::open(bytes)?;
        match file.revision {
            1 => {
                let first: Revision1 = file.decode()?;
                let spec = spec_of_revision_1(&first.spec)?;
                first.model(spec)
            }
            _ => {
                let Revision2 { first, base, facts } = file.decode()?;
                let spec = Spec::parse(&first.spec)?;
                let facts: Facts = serde_json::from_str(&facts)
                    .map_err(|fault| ArtifactError::Undecodable(fault.to_string()))?;
                let mut model = first.model(spec)?.with_base(base)?;
                model.card.table_warnings = facts.table_warnings;
                model.card.evaluation = facts.evaluation;
                model.card.work = facts.work;
                Ok(model)
            }
        }
    }
}

/// The spec of a model file of revision 1. Defaults that a later release changed keep their old values, so that the model's
/// predictions do not change.
fn spec_of_revision_1(text: &str) -> Result<Spec, SpecErrors> {
    Spec::parse_revision_1(text)
}

impl Revision1 {
    fn model(self, spec: Spec) -> Result<Model, ModelError> {
        Model::new(Parts {
            spec,
            recipe: self.recipe,
            kernel: self.kernel,
            calibration: self.calibration,
            profile: self.profile,
            card: self.card,
        })
    }
}
