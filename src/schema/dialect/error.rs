//! Errors in the settings of a dialect.

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}; {remedy}")]
pub struct DialectError {
    pub problem: String,
    pub remedy: String,
}

impl DialectError {
    pub(super) fn new(problem: String, remedy: &str) -> DialectError {
        DialectError {
            problem,
            remedy: remedy.to_owned(),
        }
    }
}
