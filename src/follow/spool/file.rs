//! The file in which predictions wait, so that a follower that is killed sends them when it is started again.
//!
//! Lines ([`lines`]) are appended without a sync: they survive the end of the process, not that of the machine. A line that was
//! being written at the end of the process is incomplete, and is left out by the next start. When the file has become large for
//! what waits, it is written anew.
//!
//! The rows are of people: folder and files are for the user of the server alone, whatever the umask.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::lines::{self, Found, HEADER};
use super::queue::Change;

/// Bytes of lines that wait no longer, below which the file is not written anew.
const SLACK: u64 = 1 << 20;

#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    #[error("the spool {} is used by another follower; name a folder of its own as follow.spool.folder", .0.display())]
    Held(PathBuf),
    #[error("the spool {} has an unknown format; it may be of a later release; move it away or name another folder as follow.spool.folder", .0.display())]
    Unknown(PathBuf),
    #[error("cannot {action} the spool {}: {source}", .path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

/// Where the thread of the spool writes.
pub trait Storage: Send + 'static {
    /// Adds what the file lacks.
    ///
    /// # Errors
    /// Nothing of it counts as written.
    fn append(&mut self, change: &Change) -> io::Result<()>;

    /// Removes everything: no prediction waits.
    fn clear(&mut self, change: &Change) -> io::Result<()>;

    /// Writes the file anew with all predictions that wait.
    ///
    /// # Errors
    /// The file before stays as it is.
    fn replace(&mut self, everything: &Change) -> io::Result<()>;

    /// Whether the file is large for `waiting` bytes, so that it should be replaced.
    fn is_large_for(&self, waiting: u64) -> bool;

    /// Whether the file ends in half a line that could not be removed, so that it must be replaced before anything is added.
    fn is_torn(&self) -> bool;
}

/// An open spool file, which no other process can open.
#[derive(Debug)]
pub struct SpoolFile {
    path: PathBuf,
    file: File,
    bytes: u64,
    /// The front of the queue that the file says.
    noted: u64,
    /// Number of the prediction that comes next.
    next: u64,
    is_torn: bool,
    _lock: File,
}

impl SpoolFile {
    /// Opens the file in a folder, which is created if it is missing, and reads it.
    ///
    /// # Errors
    /// Another process has it open, or it cannot be read or written.
    pub fn open(folder: &Path) -> Result<(SpoolFile, Found), SpoolError> {
        let path = folder.join("predictions");
        let failed = |action: &'static str| {
            let path = path.clone();
            move |source: io::Error| SpoolError::Io {
                action,
                path,
                source,
            }
        };
        let mut create = fs::DirBuilder::new();
        create.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut create, 0o700);
        create.create(folder).map_err(failed("create"))?;
        let mut lock = private();
        lock.write(true).create(true).truncate(false);
        let lock = lock.open(folder.join("lock")).map_err(failed("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(SpoolError::Held(path)),
            Err(TryLockError::Error(source)) => return Err(failed("lock")(source)),
        }
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed("read")(error)),
        };
        let found = lines::read(&bytes).ok_or_else(|| SpoolError::Unknown(path.clone()))?;
        let everything = Change::of(&found.lines);
        let (file, bytes) = rewritten(&path, &everything).map_err(failed("write"))?;
        let spool = SpoolFile {
            bytes,
            path,
            file,
            noted: everything.front,
            next: everything.next,
            is_torn: false,
            _lock: lock,
        };
        Ok((spool, found))
    }

    fn note(&mut self, change: &Change) {
        (self.noted, self.next) = (change.front, change.next);
    }
}

impl Storage for SpoolFile {
    fn append(&mut self, change: &Change) -> io::Result<()> {
        let text = lines::encoded(change, self.noted, self.next);
        if let Err(error) = self.file.write_all(text.as_bytes()) {
            self.is_torn = self.file.set_len(self.bytes).is_err();
            return Err(error);
        }
        self.bytes += text.len() as u64;
        self.note(change);
        Ok(())
    }

    fn clear(&mut self, change: &Change) -> io::Result<()> {
        self.file.set_len(HEADER.len() as u64)?;
        (self.bytes, self.is_torn) = (HEADER.len() as u64, false);
        // The next line says that the numbers before it wait no longer.
        (self.noted, self.next) = (0, change.next);
        Ok(())
    }

    fn replace(&mut self, everything: &Change) -> io::Result<()> {
        (self.file, self.bytes) = rewritten(&self.path, everything)?;
        self.is_torn = false;
        self.note(everything);
        Ok(())
    }

    fn is_large_for(&self, waiting: u64) -> bool {
        self.bytes > 2 * waiting + SLACK
    }

    fn is_torn(&self) -> bool {
        self.is_torn
    }
}

/// Options for a file that its user alone can read.
fn private() -> fs::OpenOptions {
    #[allow(unused_mut)] // Windows has no modes
    let mut options = File::options();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A file with these lines in place of the one at `path`, open for appending, and its size.
fn rewritten(path: &Path, everything: &Change) -> io::Result<(File, u64)> {
    let temporary = path.with_extension("tmp");
    let text = format!("{HEADER}{}", lines::encoded(everything, 0, 0));
    let _ = fs::remove_file(&temporary); // of a process that was killed, or a link of somebody else
    let written = private().append(true).create_new(true).open(&temporary);
    let written = written.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        Ok(file)
    });
    let renamed = written.and_then(|file| fs::rename(&temporary, path).map(|()| file));
    if renamed.is_err() {
        let _ = fs::remove_file(&temporary); // the disk may be full
    }
    Ok((renamed?, text.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::super::queue::Line;
    use super::*;

    fn line(number: u64) -> Line {
        let text = format!(r#"{{"id":"{number}"}}"#).into();
        Line { number, text }
    }

    fn change(front: u64, numbers: std::ops::Range<u64>) -> Change {
        Change {
            front,
            dropped: Vec::new(),
            next: numbers.end,
            lines: numbers.map(line).collect(),
        }
    }

    fn numbers(folder: &Path) -> Vec<u64> {
        let found = SpoolFile::open(folder).unwrap().1;
        assert_eq!(found.damaged, 0);
        found.lines.iter().map(|line| line.number).collect()
    }

    #[test]
    fn lines_are_there_after_the_process_ended() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("a/b");
        let (mut file, empty) = SpoolFile::open(&folder).unwrap();
        assert_eq!(empty, Found::default());
        file.append(&change(0, 0..3)).unwrap();
        file.append(&change(1, 3..5)).unwrap();
        drop(file);
        assert_eq!(numbers(&folder), [1, 2, 3, 4]);
        // Opening it wrote it anew.
        let (mut file, _) = SpoolFile::open(&folder).unwrap();
        file.append(&change(1, 5..6)).unwrap();
        file.replace(&change(2, 2..6)).unwrap();
        file.append(&change(3, 6..7)).unwrap();
        drop(file);
        assert_eq!(numbers(&folder), [3, 4, 5, 6]);
        let (mut file, _) = SpoolFile::open(&folder).unwrap();
        file.clear(&change(7, 7..7)).unwrap();
        drop(file);
        let (mut file, _) = SpoolFile::open(&folder).unwrap();
        file.append(&change(9, 9..10)).unwrap();
        file.clear(&change(10, 10..10)).unwrap();
        file.append(&change(10, 10..11)).unwrap();
        drop(file);
        assert_eq!(numbers(&folder), [10]);
    }

    #[test]
    fn a_file_of_another_format_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("predictions");
        fs::write(&path, "titanic-spool 3\n").unwrap();
        let error = SpoolFile::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("later release"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"titanic-spool 3\n");
    }

    #[test]
    fn two_processes_do_not_share_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let (file, _) = SpoolFile::open(folder.path()).unwrap();
        let error = SpoolFile::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("used by another follower"), "{error}");
        drop(file);
        SpoolFile::open(folder.path()).unwrap();
    }

    #[test]
    fn a_file_that_cannot_be_replaced_stays_and_takes_more() {
        let folder = tempfile::tempdir().unwrap();
        let (mut file, _) = SpoolFile::open(folder.path()).unwrap();
        file.append(&change(0, 0..2)).unwrap();
        // A folder in the place of the new file.
        let blocked = folder.path().join("predictions.tmp");
        fs::create_dir_all(blocked.join("x")).unwrap();
        assert!(file.replace(&change(0, 0..2)).is_err());
        file.append(&change(0, 2..3)).unwrap();
        fs::remove_dir_all(blocked).unwrap();
        drop(file);
        assert_eq!(numbers(folder.path()), [0, 1, 2]);
    }

    #[test]
    fn a_file_is_large_when_most_of_it_was_acknowledged() {
        let folder = tempfile::tempdir().unwrap();
        let (mut file, _) = SpoolFile::open(folder.path()).unwrap();
        file.append(&change(0, 0..1)).unwrap();
        assert!(!file.is_large_for(1));
        file.append(&change(0, 1..1 << 15)).unwrap();
        assert!(file.is_large_for(1));
        file.replace(&change(1 << 15, 1 << 15..1 << 15)).unwrap();
        assert!(!file.is_large_for(1));
        assert_eq!(file.bytes, fs::metadata(&file.path).unwrap().len());
    }

    #[cfg(unix)]
    #[test]
    fn folder_and_files_are_for_the_user_of_the_server_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("spool");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        let (mut file, _) = SpoolFile::open(&folder).unwrap();
        let path = folder.join("predictions");
        // As somebody may have made it.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        file.replace(&change(0, 0..0)).unwrap();
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&folder.join("lock")), 0o600);
    }
}
