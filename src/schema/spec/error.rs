//! Errors in a spec: the problem, its position and the remedy.

use serde_saphyr::Spanned;

/// An error in a spec, with its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecError {
    /// Line number in the file, from 1; 0 if unknown.
    pub line: u64,
    /// Column number in the line, from 1.
    pub column: u64,
    pub problem: String,
    pub remedy: String,
    /// What the error concerns, which serves to recognise errors that are mere consequences of others.
    pub about: About,
}

/// What an error concerns. An error that exists only because of another one is not reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum About {
    /// Only the value at its position.
    #[default]
    Place,
    /// A key that is not allowed there.
    UnknownKey {
        /// The allowed key that was probably meant, if one is similar.
        meant: Option<String>,
    },
    /// A key that is missing from the mapping at its position; the other keys of the mapping were read.
    MissingKey(String),
    /// A missing key without which nothing of the mapping at its position could be read.
    UnreadWithout(String),
    /// The name of a column or of a step's output; a `*` at the end stands for all names with that prefix.
    Name(String),
    /// The absence of something, which may be present in a part of the spec that has other errors.
    Nothing,
}

impl SpecError {
    /// An error at the position of a spanned value.
    pub fn at<T>(
        place: &Spanned<T>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> SpecError {
        SpecError {
            line: place.referenced.line(),
            column: place.referenced.column(),
            problem: problem.into(),
            remedy: remedy.into(),
            about: About::Place,
        }
    }

    /// The same error, concerning `about`.
    pub fn about(self, about: About) -> SpecError {
        SpecError { about, ..self }
    }
}

impl std::fmt::Display for SpecError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.line > 0 {
            write!(f, "line {}, column {}: ", self.line, self.column)?;
        }
        f.write_str(&self.problem)?;
        if !self.remedy.is_empty() {
            write!(f, "; {}", self.remedy)?;
        }
        Ok(())
    }
}
