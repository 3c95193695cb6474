//! In place of Unix sockets on systems where servers have none: nothing of it can be made.

use std::path::Path;

use super::error::ListenError;
use crate::serve::address::Listen;

pub enum UnixListener {}

#[derive(Debug)]
pub enum SocketFile {}

impl SocketFile {
    pub fn path(&self) -> &Path {
        match *self {}
    }

    pub fn remove(&self) {
        match *self {}
    }
}

/// # Errors
/// Always. No such address is read from a setting or a flag.
pub fn bind(listen: &Listen, _: &Path, _: u16) -> Result<(UnixListener, SocketFile), ListenError> {
    Err(ListenError::of(
        listen,
        std::io::ErrorKind::Unsupported.into(),
    ))
}
