//! Why a channel cannot be opened.

use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// Its settings contradict each other, or what may be reached.
    #[error("{0}")]
    Settings(String),
    #[error("its secret belongs in the environment variable {0}, which is not set")]
    NoVariable(String),
    #[error("its secret belongs in the file {path}, which cannot be read: {error}")]
    SecretFile { path: String, error: io::Error },
    #[error("its secret belongs in the file {0}, which is not text")]
    NotText(String),
    #[error("{0} is empty; its secret belongs there")]
    Empty(String),
    #[error(
        "its secret is not {prefix} and base64; make one with `echo {prefix}$(openssl rand -base64 32)`"
    )]
    NotASecret { prefix: &'static str },
    #[error("ca_file {path} cannot be read: {error}", path = .path.display())]
    AuthorityFile { path: PathBuf, error: io::Error },
    #[error("ca_file: {0}")]
    Authority(String),
    /// The client cannot be set up.
    #[error("{0}")]
    Client(String),
}
