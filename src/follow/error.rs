//! Why a source cannot be followed.

use reqwest::StatusCode;

use crate::publish::PublishError;
use crate::registry::{RegistryError, Version};
use crate::units::Size;

/// Why a source cannot be followed just now.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("{source_name} cannot be reached: {fault}")]
    Unreachable { source_name: String, fault: String },
    #[error("{source_name} answers {status}: {detail}")]
    Refused {
        source_name: String,
        status: StatusCode,
        detail: String,
    },
    #[error("{source_name} does not answer as a titanic-platform server would: {fault}")]
    Other { source_name: String, fault: String },
    #[error("{source_name} has no champion")]
    NoChampion { source_name: String },
    #[error("the file of {version} has SHA-256 {found}, not {expected} as the source says")]
    Damaged {
        version: Version,
        found: String,
        expected: String,
    },
    #[error(
        "{source_name} names no SHA-256 for {version}, so that its file cannot be checked; follow a server of this or a later release, or the place to which it publishes"
    )]
    Unchecked {
        source_name: String,
        version: Version,
    },
    #[error(
        "{source_name} sends more than {most} as {what}, more than there can be; check that it is the address of a titanic-platform server"
    )]
    TooLarge {
        source_name: String,
        what: &'static str,
        most: Size,
    },
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Publish(#[from] PublishError),
}
