//! Errors of the store, grouped by what the caller can do about them.

use redb::{DatabaseError, StorageError};

use super::event::BrokenEvent;

/// Why the store cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the store open.
    #[error(
        "the store {file} is held by {holder}; stop it first, or ask it over REST for the same"
    )]
    Held {
        file: String,
        /// The process that has it open, as a phrase for the message.
        holder: String,
        /// The address at which that process says it serves the store; none if it does not serve it.
        server: Option<String>,
    },
    /// A newer version of this program wrote the file.
    #[error(
        "the store {file} has revision {found}, this program knows up to {known}; use the program that wrote it, or a newer one"
    )]
    Later {
        file: String,
        found: u64,
        /// The newest revision that this program can read.
        known: u64,
    },
    /// The file's bytes are not what this program wrote.
    #[error("the store {file} is damaged: {why}; `store restore` puts a backup in its place")]
    Damaged {
        file: String,
        /// What is wrong with the file.
        why: String,
    },
    /// The file cannot be read or written.
    #[error("the store {file} cannot be opened: {why}")]
    Broken {
        file: String,
        /// The message of the operating system or the database.
        why: String,
    },
}

impl OpenError {
    pub(super) fn broken(file: &str, why: impl std::fmt::Display) -> OpenError {
        OpenError::Broken {
            file: file.into(),
            why: why.to_string(),
        }
    }

    pub(super) fn of_database(file: &str, error: &DatabaseError) -> OpenError {
        use std::io::ErrorKind::{InvalidData, UnexpectedEof};
        let (file, why) = (file.to_owned(), error.to_string());
        match error {
            DatabaseError::Storage(StorageError::Corrupted(_)) => OpenError::Damaged { file, why },
            DatabaseError::Storage(StorageError::Io(error))
                if matches!(error.kind(), InvalidData | UnexpectedEof) =>
            {
                OpenError::Damaged { file, why }
            }
            _ => OpenError::Broken { file, why },
        }
    }
}

/// Why the store could not carry out a request.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// Nothing of the request is stored, because the disk is full or fails. The caller may retry it.
    #[error("the store cannot write: {0}; nothing of this was stored, send it again later")]
    Unavailable(String),
    /// The store cannot be read.
    #[error("the store cannot be read: {0}")]
    Unreadable(String),
    /// The file's bytes are not what this program wrote. The store stays closed from then on.
    #[error("the store is damaged: {0}; `store restore` puts a backup in its place")]
    Damaged(String),
    /// More labels would wait for unknown predictions than `labels.waiting` allows.
    #[error(
        "labels.waiting allows {0} labels to wait for predictions that are not known (and 128 MiB of them), and these would be more; nothing of this was stored, send it again once their predictions are made"
    )]
    WaitingFull(u64),
    /// The server is shutting down.
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
