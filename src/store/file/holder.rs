//! Which process has a store open, and the URL at which it serves the store, in files beside the store.
//!
//! The file lock alone decides which process has the store. The URL is read only after the lock could not be taken, and is
//! used only if the process named in the pid file wrote it, so a file that a killed server left behind does no harm.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

fn pid_file(store: &Path) -> PathBuf {
    store.with_extension("pid")
}

fn address_file(store: &Path) -> PathBuf {
    store.with_extension("server")
}

/// Writes this process's id to the pid file.
pub(super) fn claim(store: &Path) -> io::Result<()> {
    fs::write(pid_file(store), std::process::id().to_string())
}

/// The process that has the store open, as a phrase for messages.
pub(super) fn process(store: &Path) -> String {
    let pid = fs::read_to_string(pid_file(store)).unwrap_or_default();
    match pid.trim() {
        "" => "another process".into(),
        pid => format!("process {pid}"),
    }
}

/// Writes the URL at which this process serves the store.
pub(super) fn announce(store: &Path, url: &str) -> io::Result<()> {
    let pid = std::process::id();
    let part = store.with_extension(format!("server.{pid}.part"));
    fs::write(&part, format!("{pid} {url}\n"))?;
    fs::rename(part, address_file(store))
}

/// Removes the file with the URL. A failure is harmless, because its process no longer has the store open.
pub(super) fn forget_address(store: &Path) {
    let _ = fs::remove_file(address_file(store));
}

/// The URL at which the process that has the store open serves it.
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
