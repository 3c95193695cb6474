//! Who holds a store: its process and the address it serves the store under, in files beside it.
//!
//! The lock decides who holds the store. The address is read only after the lock was refused, and believed only if it was
//! written by the process that the pid file names: a file that a killed server left behind misleads nobody.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

fn pid_file(store: &Path) -> PathBuf {
    store.with_extension("pid")
}

fn address_file(store: &Path) -> PathBuf {
    store.with_extension("server")
}

/// Names this process as the holder.
pub(super) fn claim(store: &Path) -> io::Result<()> {
    fs::write(pid_file(store), std::process::id().to_string())
}

/// The process that holds the store, for messages.
pub(super) fn process(store: &Path) -> String {
    let pid = fs::read_to_string(pid_file(store)).unwrap_or_default();
    match pid.trim() {
        "" => "another process".into(),
        pid => format!("process {pid}"),
    }
}

/// Writes the address of this process.
pub(super) fn announce(store: &Path, url: &str) -> io::Result<()> {
    let pid = std::process::id();
    let part = store.with_extension(format!("server.{pid}.part"));
    fs::write(&part, format!("{pid} {url}\n"))?;
    fs::rename(part, address_file(store))
}

/// Removes the address. A file that stays is harmless: its process no longer holds the store.
pub(super) fn forget_address(store: &Path) {
    let _ = fs::remove_file(address_file(store));
}

/// The address of the process that holds the store.
pub(super) fn address(store: &Path) -> Option<String> {
    let holder = fs::read_to_string(pid_file(store)).ok()?;
    let text = fs::read_to_string(address_file(store)).ok()?;
    let (pid, url) = text.trim().split_once(' ')?;
    (pid == holder.trim()).then(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{File, NAME, OpenError};

    #[test]
    fn an_address_is_believed_only_from_the_process_that_holds_the_lock() {
        let state = tempfile::tempdir().unwrap();
        let store = state.path().join(NAME);
        let server = || match File::open(state.path()) {
            Err(OpenError::Held { server, .. }) => server,
            other => panic!("{other:?}"),
        };
        let file = File::open(state.path()).unwrap();
        assert_eq!(server(), None);
        file.announce("http://127.0.0.1:5").unwrap();
        assert_eq!(server().as_deref(), Some("http://127.0.0.1:5"));
        fs::write(address_file(&store), "1 http://127.0.0.1:6\n").unwrap();
        assert_eq!(server(), None, "another process wrote it");
        file.announce("http://127.0.0.1:7").unwrap();
        file.shut();
        assert!(!address_file(&store).exists());

        fs::write(address_file(&store), "1 http://127.0.0.1:8\n").unwrap();
        let file = File::open(state.path()).unwrap();
        assert!(!address_file(&store).exists(), "a killed server left it");
        drop(file);
    }
}
