//! The process itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether the process lives, or is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// `live` or `ready`.
    pub status: String,
    /// The live model, of a server that is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub model: Option<String>,
}

/// The settings the server runs with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Settings {
    /// Every setting, secrets masked.
    pub settings: Vec<Setting>,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Setting {
    /// `server.listen`.
    pub key: String,
    /// Its value as text, secrets masked.
    pub value: String,
    /// Where it came from: built in, a file with its line, a variable, a flag.
    pub origin: String,
}
