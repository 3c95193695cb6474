//! Conditions on a row: any of several categories has one of the given levels.

use serde::{Deserialize, Serialize};

use super::frame::Frame;
use super::scope::{Scope, StepError};
use crate::schema::fault::nearest;

/// One alternative of a condition, as written in the spec: `{column: title, in: [Master]}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneOf {
    column: String,
    #[serde(rename = "in")]
    levels: Vec<crate::schema::column::Label>,
}

/// A resolved condition: true if any of its categories has one of its levels.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Condition(Vec<(u32, Vec<u32>)>);

impl Condition {
    /// Resolves column names to slots and levels to their codes.
    /// Fails if a column is not a category or does not have such a level.
    pub fn resolve(any: &[OneOf], scope: &Scope) -> Result<Condition, StepError> {
        let one = |o: &OneOf| {
            let (slot, levels) = scope.category(&o.column)?;
            let codes = o.levels.iter().map(|level| {
                let level = level.to_string();
                levels
                    .iter()
                    .position(|l| *l == level)
                    .map(|i| i as u32)
                    .ok_or_else(|| {
                        let near = nearest(&level, levels.iter().map(String::as_str));
                        let remedy =
                            format!("did you mean {:?}?", near.unwrap_or(&levels.join(", ")));
                        StepError::new(format!("{:?} has no level {level:?}", o.column), remedy)
                    })
            });
            Ok((slot as u32, codes.collect::<Result<_, StepError>>()?))
        };
        Ok(Condition(
            any.iter().map(one).collect::<Result<_, StepError>>()?,
        ))
    }

    /// Whether the condition holds for a row.
    pub fn holds(&self, frame: &Frame<'_>) -> bool {
        self.0.iter().any(|(slot, levels)| {
            frame
                .cell(*slot as usize)
                .as_level()
                .is_some_and(|level| levels.contains(&level))
        })
    }

    pub fn slots(&self) -> impl Iterator<Item = usize> {
        self.0.iter().map(|(slot, _)| *slot as usize)
    }
}
