//! The file in which predictions wait, so that a follower that is killed sends them when it is started again.
//!
//! ```text
//! titanic-spool 1
//! 0123456789abcdef {"seq":0,"time":"…","kind":"prediction",…}
//! ```
//!
//! Each line begins with the first 16 digits of the SHA-256 of its JSON. Lines are appended without a sync: they survive the
//! end of the process, not that of the machine. A line that was being written at the end of the process is incomplete, and
//! is left out by the next start. Lines that were acknowledged stay until the file is written anew, which it is when it has
//! become large for what waits; sending them again does no harm.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::registry::digest;

/// The first line: format and revision.
const HEADER: &str = "titanic-spool 1\n";

/// Digits of the checksum of a line.
const CHECKSUM: usize = 16;

/// Bytes of acknowledged lines below which the file is not written anew.
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

/// An open spool file, which no other process can open.
#[derive(Debug)]
pub struct SpoolFile {
    path: PathBuf,
    file: File,
    bytes: u64,
    /// Whether the last write failed, so that the file lacks lines.
    is_behind: bool,
    _lock: File,
}

/// What a spool file held when it was opened.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub lines: Vec<Arc<str>>,
    /// Number of lines whose checksum is wrong.
    pub damaged: usize,
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
        // The rows are of people: for the user of the server alone.
        let mut create = fs::DirBuilder::new();
        create.recursive(true);
        let mut lock = File::options();
        lock.write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            std::os::unix::fs::DirBuilderExt::mode(&mut create, 0o700);
            std::os::unix::fs::OpenOptionsExt::mode(&mut lock, 0o600);
        }
        create.create(folder).map_err(failed("create"))?;
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
        let found = read(&bytes).ok_or_else(|| SpoolError::Unknown(path.clone()))?;
        let file = rewritten(&path, &found.lines).map_err(failed("write"))?;
        let spool = SpoolFile {
            bytes: file.metadata().map_err(failed("read"))?.len(),
            path,
            file,
            is_behind: false,
            _lock: lock,
        };
        Ok((spool, found))
    }

    /// Whether the file lacks lines because writing failed.
    pub fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// Appends lines.
    ///
    /// # Errors
    /// The file cannot be written; it lacks lines until [`SpoolFile::replace`] succeeds.
    pub fn append(&mut self, lines: &[Arc<str>]) -> io::Result<()> {
        let text = encoded(lines);
        let written = self.file.write_all(text.as_bytes());
        self.is_behind |= written.is_err();
        self.bytes += text.len() as u64;
        written
    }

    /// Whether the file is large for `waiting` bytes, so that it should be replaced.
    pub fn is_large_for(&self, waiting: u64) -> bool {
        let is_idle = waiting == 0 && self.bytes > HEADER.len() as u64;
        is_idle || self.bytes > 2 * waiting + SLACK
    }

    /// Writes the file anew with all lines that wait.
    ///
    /// # Errors
    /// The file cannot be written; the one before stays.
    pub fn replace(&mut self, lines: &[Arc<str>]) -> io::Result<()> {
        let replaced = if lines.is_empty() && !self.is_behind {
            self.file.set_len(HEADER.len() as u64)
        } else {
            rewritten(&self.path, lines).map(|file| self.file = file)
        };
        self.is_behind |= replaced.is_err();
        replaced?;
        self.is_behind = false;
        self.bytes = self.file.metadata()?.len();
        Ok(())
    }
}

/// A file with these lines in place of the one at `path`, open for appending.
fn rewritten(path: &Path, lines: &[Arc<str>]) -> io::Result<File> {
    let temporary = path.with_extension("tmp");
    let text = format!("{HEADER}{}", encoded(lines));
    let _ = fs::remove_file(&temporary); // of a process that was killed, or a link of somebody else
    let mut options = File::options();
    options.append(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&temporary).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        Ok(file)
    });
    let renamed = written.and_then(|file| fs::rename(&temporary, path).map(|()| file));
    if renamed.is_err() {
        let _ = fs::remove_file(&temporary); // the disk may be full
    }
    renamed
}

fn encoded(lines: &[Arc<str>]) -> String {
    let mut text = String::with_capacity(lines.iter().map(|line| line.len() + 32).sum());
    for line in lines {
        text.push_str(&digest(line.as_bytes())[..CHECKSUM]);
        text.push(' ');
        text.push_str(line);
        text.push('\n');
    }
    text
}

/// The lines of a file, without those that are incomplete or damaged; `None` if it is no spool of this revision.
fn read(bytes: &[u8]) -> Option<Found> {
    let header = HEADER.as_bytes();
    // The process may have ended before the first line was complete.
    let Some(body) = bytes.strip_prefix(header) else {
        return header.starts_with(bytes).then(Found::default);
    };
    let mut found = Found::default();
    let complete = body.iter().rposition(|byte| *byte == b'\n');
    for line in body[..complete.unwrap_or(0)].split(|byte| *byte == b'\n') {
        match decoded(line) {
            Some(line) => found.lines.push(line),
            None => found.damaged += usize::from(!line.is_empty()),
        }
    }
    Some(found)
}

fn decoded(line: &[u8]) -> Option<Arc<str>> {
    let text = std::str::from_utf8(line).ok()?;
    let (checksum, line) = text.split_once(' ')?;
    (checksum == &digest(line.as_bytes())[..CHECKSUM]).then(|| line.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(numbers: std::ops::Range<usize>) -> Vec<Arc<str>> {
        let line = |n| format!(r#"{{"id":"{n}","name":"Ä b"}}"#).into();
        numbers.map(line).collect()
    }

    fn found(folder: &Path) -> Found {
        SpoolFile::open(folder).unwrap().1
    }

    #[test]
    fn lines_are_there_after_the_process_ended() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("a/b");
        let (mut file, empty) = SpoolFile::open(&folder).unwrap();
        assert_eq!(empty, Found::default());
        file.append(&lines(0..3)).unwrap();
        file.append(&lines(3..5)).unwrap();
        drop(file);
        assert_eq!(found(&folder).lines, lines(0..5));
        // Opening it wrote it anew.
        let (mut file, before) = SpoolFile::open(&folder).unwrap();
        assert_eq!(before.lines, lines(0..5));
        file.append(&lines(5..6)).unwrap();
        file.replace(&lines(2..6)).unwrap();
        file.append(&lines(6..7)).unwrap();
        drop(file);
        assert_eq!(found(&folder).lines, lines(2..7));
    }

    #[test]
    fn an_incomplete_end_is_left_out_and_a_damaged_line_counted() {
        let folder = tempfile::tempdir().unwrap();
        let (mut file, _) = SpoolFile::open(folder.path()).unwrap();
        file.append(&lines(0..2)).unwrap();
        drop(file);
        let path = folder.path().join("predictions");
        let whole = fs::read(&path).unwrap();
        let first = HEADER.len() + encoded(&lines(0..1)).len();
        for length in 0..=whole.len() {
            fs::write(&path, &whole[..length]).unwrap();
            let expected = usize::from(length >= first) + usize::from(length == whole.len());
            let found = found(folder.path());
            assert_eq!(found.lines, lines(0..expected), "{length}");
            assert_eq!(found.damaged, 0, "{length}");
        }
        for at in HEADER.len()..whole.len() - 1 {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, damaged).unwrap();
            let found = found(folder.path());
            assert!(found.damaged > 0, "{at}");
            assert!(found.lines.len() < 2, "{at}");
        }
    }

    #[test]
    fn a_file_of_another_format_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("predictions");
        fs::write(&path, "titanic-spool 2\n").unwrap();
        let error = SpoolFile::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("later release"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"titanic-spool 2\n");
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
    fn a_file_is_written_anew_when_most_of_it_was_acknowledged() {
        let folder = tempfile::tempdir().unwrap();
        let (mut file, _) = SpoolFile::open(folder.path()).unwrap();
        assert!(!file.is_large_for(0));
        file.append(&lines(0..1)).unwrap();
        assert!(file.is_large_for(0), "all was acknowledged");
        assert!(!file.is_large_for(1));
        file.append(&lines(0..1 << 16)).unwrap();
        assert!(file.is_large_for(1));
        file.replace(&[]).unwrap();
        assert!(!file.is_large_for(0));
        assert_eq!(file.bytes, HEADER.len() as u64);
    }
}
