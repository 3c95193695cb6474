//! The error of a fit.

/// Why a fit returned no kernel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    /// The caller cancelled the fit.
    #[error("stopped")]
    Stopped,
    /// The fit failed; the text gives the reason.
    #[error("{0}")]
    Failed(String),
}
