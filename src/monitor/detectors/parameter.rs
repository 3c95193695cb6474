//! Parameters of detectors: their allowed values and their parsing.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::schema::fault::excerpt;

#[derive(Debug)]
pub struct Parameter {
    /// Name as in River.
    pub name: &'static str,
    /// Description in one sentence.
    pub doc: &'static str,
    pub allowed: Allowed,
}

/// The allowed values of a parameter.
#[derive(Debug)]
pub enum Allowed {
    /// A number strictly between the two bounds.
    Between(f64, f64),
    /// A number between the two bounds, inclusive.
    Number(f64, f64),
    /// An integer between the two bounds, inclusive.
    Whole(u32, u32),
    /// One of these words.
    Word(&'static [&'static str]),
}

impl std::fmt::Display for Allowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Allowed::Between(low, high) => write!(f, "a number between {low} and {high}"),
            Allowed::Number(low, f64::MAX) => write!(f, "a number of {low} or more"),
            Allowed::Number(low, high) => write!(f, "a number from {low} to {high}"),
            Allowed::Whole(low, high) => write!(f, "a whole number from {low} to {high}"),
            Allowed::Word(words) => write!(f, "one of {}", words.join(", ")),
        }
    }
}

/// A value of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Setting {
    Number(f64),
    Whole(u32),
    Word(&'static str),
}

/// Why a detector setting was rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// No requested detector has the parameter.
    #[error("{of} no parameter {name:?}{suggestion}; there are: {known}")]
    Unknown {
        /// The detectors as the subject of the message: `adwin has`.
        of: String,
        name: String,
        suggestion: String,
        known: String,
    },
    #[error("{0} is set twice; which value is meant?")]
    Twice(String),
    /// The value is not allowed.
    #[error("{name} does not take {got:?}; it takes {allowed}")]
    NotAllowed {
        name: &'static str,
        got: String,
        allowed: String,
    },
}

impl Parameter {
    /// Parses a value of this parameter.
    pub fn read(&self, text: &str) -> Result<Setting, ParameterError> {
        let real = || text.parse::<f64>().ok().filter(|v| v.is_finite());
        let value = match self.allowed {
            Allowed::Between(low, high) => real()
                .filter(|v| low < *v && *v < high)
                .map(Setting::Number),
            Allowed::Number(low, high) => real()
                .filter(|v| (low..=high).contains(v))
                .map(Setting::Number),
            Allowed::Whole(low, high) => text
                .parse::<u32>()
                .ok()
                .filter(|v| (low..=high).contains(v))
                .map(Setting::Whole),
            Allowed::Word(words) => {
                let word = words.iter().find(|word| **word == text);
                word.copied().map(Setting::Word)
            }
        };
        value.ok_or_else(|| ParameterError::NotAllowed {
            name: self.name,
            got: excerpt(text),
            allowed: self.allowed.to_string(),
        })
    }
}

/// The default parameters, overridden by the `given` ones.
pub fn filled<P>(given: &[(&'static str, Setting)]) -> P
where
    P: Serialize + for<'de> Deserialize<'de> + Default,
{
    let mut json = serde_json::to_value(P::default()).expect("parameters are numbers and words");
    let fields = json.as_object_mut().expect("parameters have names");
    let given = given.iter();
    fields.extend(given.map(|(name, value)| ((*name).to_owned(), json!(value))));
    serde_json::from_value(json).expect("the table lets through what the parameter's type takes")
}
