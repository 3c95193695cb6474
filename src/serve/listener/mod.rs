//! Listeners: a TCP port, or a Unix socket with its file.
//!
//! The file of a Unix socket has mode 0600 before anybody can connect. It stays behind when a server is killed; the next one
//! replaces it. [`Bound`] removes it when the server stops. A lock of the folder is held meanwhile, so that two servers that
//! start at once do not take each other's file for one that was left behind.

mod error;
#[cfg(all(test, unix))]
mod tests;
#[cfg_attr(not(unix), path = "no_unix.rs")]
mod unix;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use super::address::Listen;
pub use error::ListenError;
use unix::{SocketFile, UnixListener};

/// Maximum length of the queue of connections that are not accepted yet.
pub const BACKLOG: u16 = 1024;

/// A listener, and the address to which it is bound.
pub struct Listener {
    pub socket: Socketed,
    pub bound: Bound,
}

/// The socket of a listener.
pub enum Socketed {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// The address of a listener. The file of a Unix socket is removed when the last clone is dropped.
#[derive(Clone, Debug)]
pub struct Bound {
    listen: Listen,
    file: Option<Arc<SocketFile>>,
}

impl Bound {
    pub fn listen(&self) -> &Listen {
        &self.listen
    }

    /// Removes the file of a Unix socket, before the process ends without dropping anything.
    pub fn remove(&self) {
        self.file.iter().for_each(|file| file.remove());
    }
}

impl TryFrom<TcpListener> for Listener {
    type Error = io::Error;

    fn try_from(listener: TcpListener) -> io::Result<Listener> {
        let bound = Bound {
            listen: listener.local_addr()?.into(),
            file: None,
        };
        Ok(Listener {
            socket: Socketed::Tcp(listener),
            bound,
        })
    }
}

/// Listens on an address.
///
/// # Errors
/// Another process listens there; the path is that of something else than a socket; the system refuses.
pub fn bind(listen: &Listen) -> Result<Listener, ListenError> {
    match listen {
        Listen::Ip(address) => tcp(*address).map_err(|source| ListenError::of(listen, source)),
        Listen::Unix(path) => {
            let (socket, file) = unix::bind(listen, path, BACKLOG)?;
            Ok(Listener {
                socket: Socketed::Unix(socket),
                bound: Bound {
                    listen: Listen::Unix(file.path().to_owned()),
                    file: Some(Arc::new(file)),
                },
            })
        }
    }
}

fn tcp(address: SocketAddr) -> io::Result<Listener> {
    TcpListener::bind(address)?.try_into()
}
