//! An error found while settings are deserialized, with the key it is about.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use super::{
    error::ConfigError,
    layers::closest,
    node::{Place, join},
};

/// Whether a key holds a secret, which is never shown.
pub(super) fn is_secret(key: &str) -> bool {
    ["secret", "token", "password"]
        .iter()
        .any(|ending| key.ends_with(ending))
}

/// An error on its way up the tree: each level prepends its key to the path.
#[derive(Debug)]
pub(super) struct Fault {
    path: Vec<String>,
    place: Option<Place>,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    Value(String),
    Key {
        key: String,
        known: &'static [&'static str],
    },
}

impl Fault {
    fn of(problem: Problem) -> Self {
        Fault {
            path: Vec::new(),
            place: None,
            problem,
        }
    }

    pub(super) fn at(mut self, place: &Place) -> Self {
        self.place.get_or_insert_with(|| place.clone());
        self
    }

    pub(super) fn under(mut self, name: &str) -> Self {
        self.path.insert(0, name.into());
        self
    }

    pub(super) fn into_error(self) -> ConfigError {
        let place = self.place.unwrap_or_default();
        match self.problem {
            Problem::Value(problem) => {
                let key = self.path.join(".");
                let problem = if is_secret(&key) {
                    "this value is not allowed".into()
                } else {
                    problem
                };
                ConfigError::Invalid {
                    place,
                    key,
                    problem,
                }
            }
            Problem::Key { key, known } => {
                let section = self.path.join(".");
                let nearest =
                    closest(&key, known.iter().copied()).map(|nearest| join(&section, nearest));
                ConfigError::UnknownKey {
                    place,
                    key: join(&section, &key),
                    nearest,
                }
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.problem)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(problem: T) -> Self {
        Fault::of(Problem::Value(problem.to_string()))
    }

    fn invalid_type(found: Unexpected, expected: &dyn Expected) -> Self {
        let expected = match expected.to_string().as_str() {
            "u16" => format!("a whole number from 0 to {}", u16::MAX),
            "u8" | "u32" | "u64" | "usize" => "a whole number, 0 or more".into(),
            number if number.starts_with("a nonzero") => "a whole number, 1 or more".into(),
            "a string" | "path string" | "borrowed string" => "a text".into(),
            "a boolean" => "true or false".into(),
            "a sequence" => "a list, such as [a, b]".into(),
            other if other.starts_with("struct ") => "a section with its keys".into(),
            other => other.to_string(),
        };
        let found = match found {
            Unexpected::Str(text) => format!("`{text}`"),
            Unexpected::Unit => "null".into(),
            other => other.to_string(),
        };
        Fault::custom(format_args!("{found} is not allowed; write {expected}"))
    }

    fn invalid_value(found: Unexpected, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn unknown_variant(found: &str, known: &'static [&'static str]) -> Self {
        Fault::custom(format_args!(
            "`{found}` is not allowed; write {}",
            known.join(" or ")
        ))
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Fault::of(Problem::Key {
            key: key.into(),
            known,
        })
    }

    fn missing_field(key: &'static str) -> Self {
        Fault::custom(format_args!("`{key}` is missing here; add it"))
    }
}
