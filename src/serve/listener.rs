//! Listeners: a TCP port, or a Unix socket with its file.
//!
//! The file of a Unix socket has mode 0600 before anybody can connect. It stays behind when a server is killed; the next one
//! replaces it. [`Bound`] removes it when the server stops. A lock of the folder is held meanwhile, so that two servers that
//! start at once do not take each other's file for one that was left behind.

use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, Socket, Type};

use super::address::Listen;

/// Maximum length of the queue of connections that are not accepted yet.
pub const BACKLOG: u16 = 1024;

/// Maximum time for which the lock of the folder is waited for.
const LOCKED: Duration = Duration::from_secs(1);

/// Only the user of the server may connect.
const MODE: u32 = 0o600;

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
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => ListenError::Held(listen.clone()),
        _ => ListenError::Io {
            listen: listen.clone(),
            source,
        },
    };
    match listen {
        Listen::Ip(address) => tcp(*address).map_err(failed),
        Listen::Unix(path) => {
            // As it is announced: others use the path from folders of their own.
            let path = &std::path::absolute(path).map_err(failed)?;
            let _lock = lock(path);
            remove_stale(listen, path)?;
            unix(path).map_err(failed)
        }
    }
}

fn tcp(address: SocketAddr) -> io::Result<Listener> {
    TcpListener::bind(address)?.try_into()
}

/// Binds a socket and listens. Between the two nobody can connect, and the mode is set.
fn unix(path: &Path) -> io::Result<Listener> {
    let address = SockAddr::unix(path)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // On Linux the file gets the mode of the socket, so that it never has another one; elsewhere this may fail.
    let _ = File::from(OwnedFd::from(socket.try_clone()?))
        .set_permissions(Permissions::from_mode(MODE));
    socket.bind(&address)?;
    let file = SocketFile::of(path)?; // removed if one of the following steps fails
    fs::set_permissions(path, Permissions::from_mode(MODE))?;
    socket.listen(BACKLOG.into())?;
    let listen = Listen::Unix(file.path.clone());
    Ok(Listener {
        socket: Socketed::Unix(UnixListener::from(OwnedFd::from(socket))),
        bound: Bound {
            listen,
            file: Some(Arc::new(file)),
        },
    })
}

/// Removes the socket file of a server that was killed.
fn remove_stale(listen: &Listen, path: &Path) -> Result<(), ListenError> {
    let failed = |source| ListenError::Io {
        listen: listen.clone(),
        source,
    };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(found) if !found.file_type().is_socket() => {
            return Err(ListenError::NotASocket(path.into()));
        }
        Ok(_) => {}
    }
    if is_live(path).map_err(failed)? {
        return Err(ListenError::Held(listen.clone()));
    }
    tracing::info!(socket = %path.display(), "server: replacing the socket file of a server that has ended");
    fs::remove_file(path).map_err(failed)
}

/// Whether a process listens on a socket. One whose queue is full does.
fn is_live(path: &Path) -> io::Result<bool> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    match socket.connect(&SockAddr::unix(path)?) {
        Ok(()) => Ok(true),
        Err(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => Ok(false),
            io::ErrorKind::WouldBlock => Ok(true),
            _ => Err(error),
        },
    }
}

/// Locks the folder of a path among servers. `None` if its file system has no locks.
fn lock(path: &Path) -> Option<File> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = File::open(folder.unwrap_or(Path::new("."))).ok()?;
    // Another program may hold the lock for as long as it likes; then the checks of the file have to do.
    let patience = Instant::now() + LOCKED;
    loop {
        match folder.try_lock() {
            Ok(()) => return Some(folder),
            Err(TryLockError::WouldBlock) if Instant::now() < patience => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(_) => return None,
        }
    }
}

/// The file of a Unix socket, removed on drop.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    /// Device and inode, by which the file is distinguished from one that took its place.
    id: (u64, u64),
}

impl SocketFile {
    fn of(path: &Path) -> io::Result<SocketFile> {
        let found = fs::symlink_metadata(path)?;
        Ok(SocketFile {
            path: std::path::absolute(path)?,
            id: (found.dev(), found.ino()),
        })
    }

    fn remove(&self) {
        let _lock = lock(&self.path);
        let is_own = fs::symlink_metadata(&self.path).is_ok_and(|found| {
            found.file_type().is_socket() && (found.dev(), found.ino()) == self.id
        });
        if is_own && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, socket = %self.path.display(), "server: cannot remove the socket file");
        }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        self.remove();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    fn at(folder: &tempfile::TempDir, name: &str) -> Listen {
        Listen::Unix(folder.path().join(name))
    }

    fn path(listen: &Listen) -> &Path {
        match listen {
            Listen::Unix(path) => path,
            Listen::Ip(_) => unreachable!(),
        }
    }

    #[test]
    fn a_socket_file_belongs_to_its_user_and_to_its_listener() {
        let folder = tempfile::tempdir().unwrap();
        let listen = at(&folder, "a");
        let listener = bind(&listen).unwrap();
        let mode = fs::metadata(path(&listen)).unwrap().mode();
        assert_eq!(mode & 0o7777, MODE);
        assert!(UnixStream::connect(path(&listen)).is_ok());
        assert!(matches!(bind(&listen), Err(ListenError::Held(_))));
        assert!(
            UnixStream::connect(path(&listen)).is_ok(),
            "it is still there"
        );
        let kept = listener.bound.clone();
        drop(listener);
        assert!(path(&listen).exists());
        drop(kept);
        assert!(!path(&listen).exists());
    }

    #[test]
    fn a_file_that_was_left_behind_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let listen = at(&folder, "a");
        drop(UnixListener::bind(path(&listen)).unwrap());
        assert!(path(&listen).exists());
        let listener = bind(&listen).unwrap();
        assert!(UnixStream::connect(path(&listen)).is_ok());
        // What took its place is not removed.
        fs::remove_file(path(&listen)).unwrap();
        let _other = UnixListener::bind(path(&listen)).unwrap();
        drop(listener);
        assert!(path(&listen).exists());
    }

    #[test]
    fn a_listener_with_a_full_queue_is_live() {
        let folder = tempfile::tempdir().unwrap();
        let listen = at(&folder, "a");
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
        socket
            .bind(&SockAddr::unix(path(&listen)).unwrap())
            .unwrap();
        socket.listen(0).unwrap();
        let waiting: Vec<Socket> = (0..3)
            .map(|_| {
                let client = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
                client.set_nonblocking(true).unwrap();
                let _ = client.connect(&SockAddr::unix(path(&listen)).unwrap());
                client
            })
            .collect();
        assert!(matches!(bind(&listen), Err(ListenError::Held(_))));
        drop(waiting);
    }

    #[test]
    fn what_is_not_a_socket_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = at(&folder, "file");
        fs::write(path(&file), "precious").unwrap();
        let link = at(&folder, "link");
        std::os::unix::fs::symlink(path(&file), path(&link)).unwrap();
        let inside = at(&folder, "inside");
        fs::create_dir(path(&inside)).unwrap();
        for listen in [&file, &link, &inside] {
            assert!(matches!(bind(listen), Err(ListenError::NotASocket(_))));
        }
        assert_eq!(fs::read_to_string(path(&link)).unwrap(), "precious");
        let nowhere = at(&folder, "missing/a");
        assert!(matches!(bind(&nowhere), Err(ListenError::Io { .. })));
    }

    #[test]
    fn of_many_that_start_at_once_one_listens() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..20 {
            let listen = at(&folder, &round.to_string());
            drop(UnixListener::bind(path(&listen)).unwrap());
            let begin = std::sync::Barrier::new(4);
            let bound: Vec<_> = std::thread::scope(|scope| {
                let one = || {
                    begin.wait();
                    bind(&listen).ok()
                };
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
                threads
                    .into_iter()
                    .filter_map(|thread| thread.join().unwrap())
                    .collect()
            });
            assert_eq!(bound.len(), 1);
            assert!(UnixStream::connect(path(&listen)).is_ok());
        }
    }
}
