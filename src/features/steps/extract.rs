//! `extract`: the first group of a regular expression, as text, or mapped to the levels of a category.

use indexmap::IndexMap;
use regex_automata::Input;
use regex_automata::meta::{BuildError, Regex};
use serde::{Deserialize, Serialize};

use crate::features::frame::Frame;
use crate::features::scope::{Scope, SlotKind, StepError};
use crate::features::step::Step;
use crate::features::training::{FitStep, Training};
use crate::schema::{Cell, Span};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtractSpec {
    from: String,
    pattern: String,
    /// Maps each extracted text to a level; if omitted, the text itself is the output.
    #[serde(default)]
    map: Option<IndexMap<String, String>>,
    /// Level of every other text, also of texts without a match.
    #[serde(default)]
    other: Option<String>,
    r#as: String,
}

/// The fitted step; the expression is compiled again when a model is read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Extract {
    regex: Regex,
    stored: Stored,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Stored {
    from: u32,
    pattern: String,
    /// Extracted texts with their levels; `None` if the output is text.
    map: Option<Vec<(String, u32)>>,
    other: Option<u32>,
}

impl TryFrom<Stored> for Extract {
    type Error = Box<BuildError>;

    fn try_from(stored: Stored) -> Result<Extract, Box<BuildError>> {
        Ok(Extract {
            regex: Regex::new(&stored.pattern)?,
            stored,
        })
    }
}

impl From<Extract> for Stored {
    fn from(extract: Extract) -> Stored {
        extract.stored
    }
}

impl FitStep for ExtractSpec {
    type Fitted = Extract;

    fn fit(&self, scope: &mut Scope, _: &mut Training<'_>) -> Result<Extract, StepError> {
        let from = scope.text(&self.from)?;
        let regex = Regex::new(&self.pattern).map_err(|e| {
            // The last line of the message states the problem; the lines before draw a picture.
            let what = e
                .syntax_error()
                .map_or_else(|| e.to_string(), ToString::to_string);
            let what = what.lines().last().unwrap_or_default();
            let what = what.trim_start_matches("error: ");
            StepError::new(
                format!(
                    "the pattern {:?} is not a regular expression: {what}",
                    self.pattern
                ),
                "see docs.rs/regex for its syntax",
            )
        })?;
        if regex.captures_len() < 2 {
            return Err(StepError::new(
                "the pattern has no group",
                "put what is to be extracted in parentheses",
            ));
        }
        let mut levels: Vec<String> = Vec::new();
        let mut code = |level: &String| match levels.iter().position(|l| l == level) {
            Some(i) => i as u32,
            None => {
                levels.push(level.clone());
                levels.len() as u32 - 1
            }
        };
        let map = self
            .map
            .as_ref()
            .map(|m| m.iter().map(|(k, v)| (k.clone(), code(v))).collect());
        let other = self.other.as_ref().map(code);
        if map.is_none() && other.is_some() {
            return Err(StepError::new(
                "`other` has no effect without `map`",
                "add `map`, or remove `other`",
            ));
        }
        let kind = if map.is_some() {
            SlotKind::Category(levels)
        } else {
            SlotKind::Text
        };
        scope.add(&self.r#as, kind, true, &[from]);
        Ok(Extract {
            regex,
            stored: Stored {
                from: from as u32,
                pattern: self.pattern.clone(),
                map,
                other,
            },
        })
    }
}

/// The slots of the groups are on the stack: `regex::Captures` would allocate for every row.
fn first_group<'t>(regex: &Regex, text: &'t str) -> Option<&'t str> {
    let mut slots = [None; 4]; // begin and end of the whole match, then of the first group
    regex.search_slots(&Input::new(text), &mut slots)?;
    Some(&text[slots[2]?.get()..slots[3]?.get()])
}

impl Step for Extract {
    fn apply(&self, frame: &mut Frame<'_>) {
        let Stored {
            from, map, other, ..
        } = &self.stored;
        let found = match frame.cell(*from as usize) {
            Cell::Text(span) => first_group(&self.regex, span.get(frame.text)),
            _ => None,
        };
        let cell = match (found, map) {
            (Some(text), None) => Cell::Text(Span::of(text, frame.text)),
            (None, None) => Cell::Missing,
            (found, Some(map)) => {
                let level = found
                    .and_then(|text| map.iter().find(|(k, _)| k == text))
                    .map(|(_, level)| *level);
                level.or(*other).map_or(Cell::Missing, Cell::Level)
            }
        };
        frame.push(cell);
    }

    fn reach(&self) -> (Vec<usize>, usize) {
        (vec![self.stored.from as usize], 1)
    }
}
