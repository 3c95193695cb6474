//! Errors in the settings of a dialect.

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}; {remedy}")]
pub struct DialectFault {
    pub problem: String,
    pub remedy: String,
}

impl DialectFault {
    pub(super) fn new(problem: String, remedy: &str) -> DialectFault {
        DialectFault {
            problem,
            remedy: remedy.to_owned(),
        }
    }
}
