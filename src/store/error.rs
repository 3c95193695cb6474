//! What can go wrong with the store, by what one can do about it.

use super::event::BrokenEvent;

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error(
        "the store {file} is held by {holder}; stop it first, or ask it over REST for the same"
    )]
    Held {
        /// The file.
        file: String,
        /// The process.
        holder: String,
        /// The address at which that process says it serves the store; none if it does not serve it.
        server: Option<String>,
    },
    /// A later program wrote it.
    #[error(
        "the store {file} has revision {found}, this program knows up to {known}; use the program that wrote it, or a newer one"
    )]
    Later {
        /// The file.
        file: String,
        /// Its revision.
        found: u64,
        /// Ours.
        known: u64,
    },
    /// What stands in it is not what was written.
    #[error("the store {file} is damaged: {why}; `store restore` puts a backup in its place")]
    Damaged {
        /// The file.
        file: String,
        /// What is wrong.
        why: String,
    },
    /// It cannot be read or written.
    #[error("the store {file} cannot be opened: {why}")]
    Broken {
        /// The file.
        file: String,
        /// What the system or the database said.
        why: String,
    },
}

/// Why the store did not do what was asked.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// What was asked is not stored: no room, a disk that fails. It may be asked again.
    #[error("the store cannot write: {0}; nothing of this was stored, send it again later")]
    Unavailable(String),
    /// It cannot be read.
    #[error("the store cannot be read: {0}")]
    Unreadable(String),
    /// What stands in it is not what was written. It stays closed from then on.
    #[error("the store is damaged: {0}; `store restore` puts a backup in its place")]
    Damaged(String),
    /// More labels would wait for predictions that are not known than may.
    #[error(
        "labels.waiting allows {0} labels to wait for predictions that are not known (and 128 MiB of them), and these would be more; nothing of this was stored, send it again once their predictions are made"
    )]
    WaitingFull(u64),
    /// The server stops.
    #[error("the store is being closed; nothing of this was stored")]
    Closed,
}

impl From<BrokenEvent> for StoreError {
    fn from(broken: BrokenEvent) -> StoreError {
        StoreError::Damaged(broken.to_string())
    }
}

impl From<redb::StorageError> for StoreError {
    fn from(error: redb::StorageError) -> StoreError {
        match error {
            redb::StorageError::Corrupted(why) => StoreError::Damaged(why),
            other => StoreError::Unreadable(other.to_string()),
        }
    }
}

macro_rules! of_storage {
    ($($error:ident),+) => {$(
        impl From<redb::$error> for StoreError {
            fn from(error: redb::$error) -> StoreError {
                match error {
                    redb::$error::Storage(error) => error.into(),
                    other => StoreError::Unreadable(other.to_string()),
                }
            }
        }
    )+};
}

of_storage!(TransactionError, TableError, CommitError);
