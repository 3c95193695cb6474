//! A Unix socket and its file.

use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
pub use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, Socket, Type};

use super::error::ListenError;
use crate::serve::address::Listen;

/// Maximum time for which the lock of the folder is waited for.
const LOCKED: Duration = Duration::from_secs(1);

/// Only the user of the server may connect.
pub(super) const MODE: u32 = 0o600;

/// Listens at a path, with a queue of `backlog` connections that are not accepted yet.
///
/// # Errors
/// Another process listens there; the path is that of something else than a socket; the system refuses.
pub fn bind(
    listen: &Listen,
    path: &Path,
    backlog: u16,
) -> Result<(UnixListener, SocketFile), ListenError> {
    let failed = |source| ListenError::of(listen, source);
    // As it is announced: others use the path from folders of their own.
    let path = &std::path::absolute(path).map_err(failed)?;
    let _lock = lock(path);
    remove_stale(listen, path)?;
    open(path, backlog).map_err(failed)
}

/// Binds a socket and listens. Between the two nobody can connect, and the mode is set.
fn open(path: &Path, backlog: u16) -> io::Result<(UnixListener, SocketFile)> {
    let address = SockAddr::unix(path)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // On Linux the file gets the mode of the socket, so that it never has another one; elsewhere this may fail.
    let _ = File::from(OwnedFd::from(socket.try_clone()?))
        .set_permissions(Permissions::from_mode(MODE));
    socket.bind(&address)?;
    let file = SocketFile::of(path)?; // removed if one of the following steps fails
    fs::set_permissions(path, Permissions::from_mode(MODE))?;
    socket.listen(backlog.into())?;
    Ok((UnixListener::from(OwnedFd::from(socket)), file))
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
pub struct SocketFile {
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

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn remove(&self) {
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
