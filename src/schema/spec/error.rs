//! What is wrong with a spec, where, and what to do.

use serde_saphyr::Spanned;

/// A fault in a spec, with where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecFault {
    /// Line in the file, from 1; 0 where it is not known.
    pub line: u64,
    /// Column in the line, from 1.
    pub column: u64,
    pub problem: String,
    pub remedy: String,
    /// What sets it apart from the consequences of other faults.
    pub about: About,
}

/// What a fault is about: a fault that is only there because of another one is not told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum About {
    /// What stands at its place, and nothing else.
    #[default]
    Place,
    /// A key that is not known there.
    UnknownKey {
        /// The key that was meant, as far as that can be told.
        meant: Option<String>,
    },
    /// A key that is missing from the mapping at its place; the rest of the mapping was read.
    MissingKey(String),
    /// A key without which nothing of the mapping at its place could be read.
    UnreadWithout(String),
    /// The name of a column or of a step's output; with `*` at the end, names that begin so.
    Name(String),
    /// That there is none of something: it may have stood among what has other faults.
    Nothing,
}

impl SpecFault {
    /// A fault at the place of a spanned value.
    pub fn at<T>(
        place: &Spanned<T>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> SpecFault {
        SpecFault {
            line: place.referenced.line(),
            column: place.referenced.column(),
            problem: problem.into(),
            remedy: remedy.into(),
            about: About::Place,
        }
    }

    /// The same fault, about this.
    pub fn about(self, about: About) -> SpecFault {
        SpecFault { about, ..self }
    }
}

impl std::fmt::Display for SpecFault {
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
