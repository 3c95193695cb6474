//! Why bytes or parts are no model.

use super::artifact::ArtifactError;
use super::spec::SpecFaults;

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
    Part { part: &'static str, why: String },
}

impl ModelFault {
    pub(super) fn part(part: &'static str, why: impl ToString) -> ModelFault {
        ModelFault::Part {
            part,
            why: why.to_string(),
        }
    }
}
