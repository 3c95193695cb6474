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

/// How far a follower is behind its source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Follow {
    /// The source, without user and password.
    pub source: String,
    /// Number of the last line of the source's ledger that was followed.
    pub seq: u64,
    /// Seconds since the follower last had the source's champion; null before the first time.
    pub lag_seconds: Option<f64>,
    /// Predictions that wait to be sent to the source.
    pub spooled: usize,
    /// Predictions that never reached the source.
    pub dropped: u64,
}

/// The outcome of storing predictions that a follower made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Adopted {
    /// Number of predictions that are stored now.
    pub stored: usize,
    /// Number of predictions that were stored already.
    pub repeated: usize,
}
