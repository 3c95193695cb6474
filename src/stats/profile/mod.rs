//! The reference profile: the distribution of the training rows in each column, stored in the model so that later rows can
//! be compared with it. Two-sample tests need a sample and its size, so that a summary alone would not do.

mod category;
mod number;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use category::{CategoryProfile, Level};
pub use number::{MAX_SAMPLE, NumberProfile};

/// Profiles of all columns, and of the model's scores.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Profile {
    /// One per column, in the table's order.
    pub columns: Vec<ColumnProfile>,
    /// The model's probabilities on rows that it was not fitted on, if there were any.
    pub scores: Option<NumberProfile>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnProfile {
    pub name: String,
    pub observed: Observed,
}

/// The distribution of a column's values, by kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Observed {
    Number(NumberProfile),
    Category(CategoryProfile),
    Text(TextProfile),
}

/// Counts of a text column; its values are not recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TextProfile {
    pub rows: u64,
    /// Rows without a value.
    pub missing: u64,
}

/// Why a profile was rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Two columns have the same name.
    #[error("the profile has column {0:?} twice")]
    Twice(String),
    /// The profile of a column is inconsistent.
    #[error("profile of column {column:?}: {fault}")]
    Column { column: String, fault: &'static str },
    /// The profile of the scores is inconsistent.
    #[error("profile of the scores: {0}")]
    Scores(&'static str),
}

impl Profile {
    /// Verifies a profile that was read from a file. Returns the first error: a duplicate name, counts that do not add up, a sample that is unsorted, not finite or
    /// of the wrong size.
    pub fn check(&self) -> Result<(), ProfileError> {
        let mut names = std::collections::HashSet::new();
        for column in &self.columns {
            if !names.insert(&column.name) {
                return Err(ProfileError::Twice(column.name.clone()));
            }
            let fault = |fault| ProfileError::Column {
                column: column.name.clone(),
                fault,
            };
            column.observed.check().map_err(fault)?;
        }
        self.scores
            .as_ref()
            .map_or(Ok(()), NumberProfile::check)
            .map_err(ProfileError::Scores)
    }
}

impl Observed {
    pub fn rows(&self) -> u64 {
        match self {
            Observed::Number(number) => number.rows,
            Observed::Category(category) => category.rows,
            Observed::Text(text) => text.rows,
        }
    }

    /// Rows without a value.
    pub fn missing(&self) -> u64 {
        match self {
            Observed::Number(number) => number.missing,
            Observed::Category(category) => category.missing,
            Observed::Text(text) => text.missing,
        }
    }

    fn check(&self) -> Result<(), &'static str> {
        match self {
            Observed::Number(number) => number.check(),
            Observed::Category(category) => category.check(),
            Observed::Text(text) if text.missing > text.rows => {
                Err("more values missing than rows")
            }
            Observed::Text(_) => Ok(()),
        }
    }
}

impl TextProfile {
    /// Counts values, `None` where missing.
    pub fn of<T>(values: impl IntoIterator<Item = Option<T>>) -> TextProfile {
        let mut profile = TextProfile::default();
        for value in values {
            profile.rows += 1;
            profile.missing += u64::from(value.is_none());
        }
        profile
    }
}
