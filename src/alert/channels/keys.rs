//! Secrets of channels: read from the environment or from files, never stored in the settings, never displayed.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, de};

use super::error::ChannelError;

/// Source of secrets: environment variables and files. A trait, so that tests supply their own.
pub trait Keys {
    /// Value of an environment variable.
    fn variable(&self, name: &str) -> Option<String>;

    /// What is in a file, or why it cannot be read.
    fn file(&self, path: &Path) -> io::Result<Vec<u8>>;
}

/// Names of the variables or files that hold a secret. Several secrets are valid while they are rotated, so the setting is a
/// string or a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places(pub Vec<String>);

impl<'de> Deserialize<'de> for Places {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Places, D::Error> {
        struct OneOrMany;

        impl<'de> de::Visitor<'de> for OneOrMany {
            type Value = Places;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name, or a list of names while secrets are rotated")
            }

            fn visit_str<E: de::Error>(self, one: &str) -> Result<Places, E> {
                Ok(Places(vec![one.into()]))
            }

            fn visit_unit<E: de::Error>(self) -> Result<Places, E> {
                Ok(Places::default())
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Places, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = items.next_element()? {
                    names.push(name);
                }
                Ok(Places(names))
            }
        }

        from.deserialize_any(OneOrMany)
    }
}

/// A secret; its `Debug` output hides the value.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(pub(super) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Reads the secrets that the settings name, either by environment variables or by files.
pub(super) fn fetch(
    keys: &dyn Keys,
    variables: &Places,
    files: &Places,
) -> Result<Vec<Secret>, ChannelError> {
    let mut secrets = Vec::new();
    for name in &variables.0 {
        let secret = keys.variable(name);
        let secret = secret.ok_or_else(|| ChannelError::NoVariable(name.clone()))?;
        secrets.push(filled(secret, &format!("the variable {name}"))?);
    }
    for path in &files.0 {
        let bytes = keys.file(&PathBuf::from(path));
        let bytes = bytes.map_err(|error| ChannelError::SecretFile {
            path: path.clone(),
            error,
        })?;
        let text = String::from_utf8(bytes).map_err(|_| ChannelError::NotText(path.clone()))?;
        secrets.push(filled(text, &format!("the file {path}"))?);
    }
    Ok(secrets)
}

fn filled(text: String, place: &str) -> Result<Secret, ChannelError> {
    match text.trim() {
        "" => Err(ChannelError::Empty(place.to_owned())),
        secret => Ok(Secret(secret.into())),
    }
}

/// Content of a PEM file with certificates; `None` without a path.
pub(super) fn certificates(
    keys: &dyn Keys,
    path: &Option<PathBuf>,
) -> Result<Option<Vec<u8>>, ChannelError> {
    let Some(path) = path else { return Ok(None) };
    let bytes = keys.file(path).map(Some);
    bytes.map_err(|error| ChannelError::AuthorityFile {
        path: path.clone(),
        error,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub struct Pocket;

    impl Keys for Pocket {
        fn variable(&self, name: &str) -> Option<String> {
            match name {
                "ONE" => Some("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()),
                "TWO" => Some(" hush\n".into()),
                "BLANK" => Some(" ".into()),
                _ => None,
            }
        }

        fn file(&self, path: &Path) -> io::Result<Vec<u8>> {
            match path.to_str() {
                Some("/there") => Ok(b"quiet\n".to_vec()),
                Some("/binary") => Ok(vec![0xff]),
                _ => Err(io::Error::other("no such file")),
            }
        }
    }

    #[test]
    fn secrets_are_fetched_from_where_they_are_and_not_shown() {
        let places = |names: &[&str]| Places(names.iter().map(|n| (*n).to_owned()).collect());
        let check = |variables: &[&str], files: &[&str], expected: Result<&[&str], &str>| {
            let found = fetch(&Pocket, &places(variables), &places(files));
            let found = found.map(|s| s.into_iter().map(|s| s.0).collect::<Vec<_>>());
            match expected {
                Ok(secrets) => assert_eq!(found.unwrap(), secrets),
                Err(part) => {
                    let fault = found.unwrap_err().to_string();
                    assert!(fault.contains(part), "{fault}");
                }
            }
        };
        check(&["TWO"], &["/there"], Ok(&["hush", "quiet"]));
        check(&[], &[], Ok(&[]));
        check(&["THREE"], &[], Err("variable THREE, which is not set"));
        check(&["BLANK"], &[], Err("BLANK is empty"));
        check(&[], &["/nowhere"], Err("/nowhere, which cannot be read"));
        check(&[], &["/binary"], Err("which is not text"));
        assert_eq!(format!("{:?}", Secret("hush".into())), "***");
    }

    #[test]
    fn places_are_one_or_many() {
        let read = |json: &str| serde_json::from_str::<Places>(json).map(|places| places.0);
        assert_eq!(read("\"A\"").unwrap(), ["A"]);
        assert_eq!(read("[\"A\", \"B\"]").unwrap(), ["A", "B"]);
        assert!(read("null").unwrap().is_empty());
        assert!(read("7").unwrap_err().to_string().contains("list of names"));
    }
}
