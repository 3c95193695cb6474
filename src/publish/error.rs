//! Why a champion cannot be published, or a published one not be read.

use std::io;
use std::path::{Path, PathBuf};

use crate::bucket::BucketError;
use crate::registry::RegistryError;

#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error(
        "{text:?} is no place for models: {why}; write a folder, s3://BUCKET/PREFIX or gs://BUCKET/PREFIX"
    )]
    Place { text: String, why: &'static str },
    #[error("cannot {action} {}: {source}", .path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The document that names the champion is damaged.
    #[error("{place} does not say which model is champion: {fault}")]
    Unreadable { place: String, fault: String },
    #[error(
        "{file} is larger than {most} bytes, more than there can be; check that a titanic-platform server publishes to this place"
    )]
    TooLarge { file: String, most: u64 },
    #[error(
        "{place} has revision {found}, this program knows up to {known}; use the program that wrote it, or a newer one"
    )]
    Later {
        place: String,
        found: u32,
        known: u32,
    },
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl PublishError {
    pub(super) fn io<'a>(
        action: &'static str,
        path: &'a Path,
    ) -> impl Fn(io::Error) -> PublishError + 'a {
        move |source| PublishError::Io {
            action,
            path: path.into(),
            source,
        }
    }
}
