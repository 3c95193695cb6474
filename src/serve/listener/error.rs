//! Why an address cannot be listened on.

use std::io;
use std::path::PathBuf;

use crate::serve::address::Listen;

/// An address cannot be listened on.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// Another process listens there.
    #[error("another process listens on {0}")]
    Held(Listen),
    #[error(
        "{} exists and is not a socket, so the server leaves it alone; remove it, or choose another path",
        .0.display()
    )]
    NotASocket(PathBuf),
    #[error("cannot listen on {listen}: {source}")]
    Io { listen: Listen, source: io::Error },
}

impl ListenError {
    pub(super) fn of(listen: &Listen, source: io::Error) -> ListenError {
        match source.kind() {
            io::ErrorKind::AddrInUse => ListenError::Held(listen.clone()),
            _ => ListenError::Io {
                listen: listen.clone(),
                source,
            },
        }
    }
}
