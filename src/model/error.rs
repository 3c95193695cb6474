//! Errors of assembling or loading a model.

use super::artifact::ArtifactError;
use super::spec::SpecErrors;

/// An error that prevents a model from being assembled or loaded.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The file is damaged or not a model file.
    #[error(transparent)]
    Artifact(#[from] ArtifactError),
    /// The spec inside the model fails the validation of this release.
    #[error("the spec inside the model is invalid: {0}")]
    Spec(#[from] SpecErrors),
    /// A part is invalid or does not fit the other parts.
    #[error("the model's {part} is not usable: {why}; train it again")]
    Part { part: &'static str, why: String },
}

impl ModelError {
    pub(super) fn part(part: &'static str, why: impl ToString) -> ModelError {
        ModelError::Part {
            part,
            why: why.to_string(),
        }
    }
}
