//! Names of versions: [`Version`] (`titanic@7`) and [`VersionRef`], which users write as `7` or `titanic@7`.
//!
//! Numbers are unique in a registry and never reused, so that a number alone identifies a version.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Maximum length of a model name. File names are limited to 255 bytes; this leaves room for the number and the extensions.
const LONGEST: usize = 128;

/// One version of a model, written `titanic@7`. Every valid name can be part of a file name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    name: String,
    number: u64,
}

/// An error in the name of a version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// The text is not of the form `7` or `titanic@7`.
    #[error(
        "`{0}` names no version; write its number, such as 7, or its full name, such as titanic@7"
    )]
    Form(String),
    /// The model name cannot be part of a file name.
    #[error(
        "`{0}` cannot name a model: 1 to {LONGEST} letters, digits, `-`, `_` or `.`, not beginning with `.`"
    )]
    Name(String),
}

impl Version {
    /// Version `number` of the model `name`.
    pub fn new(name: &str, number: u64) -> Result<Self, VersionError> {
        let fits = (1..=LONGEST).contains(&name.len()) && !name.starts_with('.');
        let plain = |letter: u8| letter.is_ascii_alphanumeric() || b"-_.".contains(&letter);
        if !fits || !name.bytes().all(plain) {
            return Err(VersionError::Name(name.into()));
        }
        Ok(Version {
            name: name.into(),
            number,
        })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number, unique in the registry.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The name of the version's file.
    pub fn file_name(&self) -> String {
        format!("{self}.model")
    }

    /// The version that a file name denotes, if it is the name of a version file.
    pub fn of_file(name: &str) -> Option<Self> {
        name.strip_suffix(".model")?.parse().ok()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.number)
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let form = || VersionError::Form(text.into());
        let (name, number) = text.rsplit_once('@').ok_or_else(form)?;
        Version::new(name, digits(number).ok_or_else(form)?)
    }
}

impl From<Version> for String {
    fn from(version: Version) -> String {
        version.to_string()
    }
}

impl TryFrom<String> for Version {
    type Error = VersionError;

    fn try_from(text: String) -> Result<Self, VersionError> {
        text.parse()
    }
}

/// A reference to a version, with the same syntax on the command line, in URLs and in request bodies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionRef {
    Number(u64),
    Full(Version),
}

impl VersionRef {
    pub fn number(&self) -> u64 {
        match self {
            VersionRef::Number(number) => *number,
            VersionRef::Full(version) => version.number,
        }
    }

    /// Whether the reference denotes `version`.
    pub fn means(&self, version: &Version) -> bool {
        match self {
            VersionRef::Number(number) => *number == version.number,
            VersionRef::Full(full) => full == version,
        }
    }
}

impl fmt::Display for VersionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            VersionRef::Number(number) => number.fmt(f),
            VersionRef::Full(version) => version.fmt(f),
        }
    }
}

impl FromStr for VersionRef {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        match digits(text) {
            Some(number) => Ok(VersionRef::Number(number)),
            None => text.parse().map(VersionRef::Full),
        }
    }
}

impl From<Version> for VersionRef {
    fn from(version: Version) -> Self {
        VersionRef::Full(version)
    }
}

/// Parses a number without sign, space or leading zero, so that every number has exactly one spelling.
fn digits(text: &str) -> Option<u64> {
    let canonical = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| canonical)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_named_by_number_or_in_full() {
        let titanic = Version::new("titanic", 7).unwrap();
        let check = |text: &str, expected| assert_eq!(text.parse::<VersionRef>(), expected);
        check("7", Ok(VersionRef::Number(7)));
        check("titanic@7", Ok(VersionRef::Full(titanic.clone())));
        for text in [
            "",
            "@",
            "@7",
            "titanic",
            "titanic@",
            "titanic@x",
            "titanic@-7",
            "+7",
            "07",
            "7 ",
            "a@b@7",
        ] {
            assert!(text.parse::<VersionRef>().is_err(), "{text}");
        }
        assert!("7".parse::<VersionRef>().unwrap().means(&titanic));
        assert!(!"wine@7".parse::<VersionRef>().unwrap().means(&titanic));
    }

    #[test]
    fn names_stay_inside_their_folder() {
        for name in [
            "",
            ".",
            "..",
            "../x",
            "a/b",
            "a\\b",
            "a b",
            "ü",
            &"x".repeat(129),
        ] {
            assert!(Version::new(name, 1).is_err(), "{name}");
        }
        assert_eq!(
            Version::of_file("red-wine_2.0@12.model")
                .unwrap()
                .to_string(),
            "red-wine_2.0@12"
        );
        assert_eq!(Version::of_file("titanic@7.model.tmp"), None);
    }
}
