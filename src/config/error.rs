//! Errors in the settings. Every message names the place, the key, the allowed values, and the most similar known key.

use std::{io, path::PathBuf};

use super::node::{Origin, Place};
use crate::alert::settings::ChannelError;
use crate::serve::options::{ExposedError, SecretError};

/// Prefix of environment variables that are settings.
pub(super) const PREFIX: &str = "TITANIC_";

/// An error in the settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Several(Vec<ConfigError>),
    #[error("cannot read the settings in {}: {source}; give another file with --config", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{place}: not readable as YAML: {problem}")]
    Syntax { place: Place, problem: String },
    /// A key that does not exist.
    #[error("{}", unknown(.place, .key, .nearest.as_deref()))]
    UnknownKey {
        place: Place,
        key: String,
        /// The most similar key that exists.
        nearest: Option<String>,
    },
    #[error("{place}: {key}: {problem}")]
    Invalid {
        place: Place,
        key: String,
        /// What is wrong, and what is allowed.
        problem: String,
    },
    #[error(transparent)]
    Exposed(#[from] ExposedError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Channel(#[from] ChannelError),
}

impl ConfigError {
    /// Combines errors into one; the list must not be empty.
    pub(super) fn of(mut faults: Vec<ConfigError>) -> ConfigError {
        match faults.len() {
            1 => faults.remove(0),
            _ => ConfigError::Several(faults),
        }
    }

    /// The key that the error is about, if any.
    pub(super) fn key(&self) -> Option<&str> {
        match self {
            ConfigError::UnknownKey { key, .. } | ConfigError::Invalid { key, .. } => Some(key),
            _ => None,
        }
    }
}

fn unknown(place: &Place, key: &str, nearest: Option<&str>) -> String {
    let spelled = |key: &str| match place.origin {
        Origin::Environment(_) => variable(key),
        _ => key.into(),
    };
    let hint = match nearest {
        Some(nearest) => format!("did you mean `{}`?", spelled(nearest)),
        None => "`config show` lists all there are".into(),
    };
    match place.origin {
        Origin::Environment(_) => {
            format!("the environment variable {place} names no setting; {hint}")
        }
        _ => format!("{place}: there is no setting `{key}`; {hint}"),
    }
}

/// The environment variable of a key: `server.listen` → `TITANIC_SERVER__LISTEN`.
pub(super) fn variable(key: &str) -> String {
    format!("{}{}", PREFIX, key.replace('.', "__").to_uppercase())
}
