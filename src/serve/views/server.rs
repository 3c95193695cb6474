//! Documents about the server process: health and settings.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The result of a liveness or readiness check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// Status of the server: `live` or `ready`.
    pub status: String,
    /// Version name of the live model, if the server is ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub model: Option<String>,
}

/// The effective settings of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Settings {
    /// All settings, with secrets masked.
    pub settings: Vec<Setting>,
}

/// A setting of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Setting {
    /// Full name of the setting, such as `server.listen`.
    pub key: String,
    /// Value of the setting as text, with secrets masked.
    pub value: String,
    /// Origin of the value: a built-in default, a file with the line, an environment variable or a command-line flag.
    pub origin: String,
}
