//! Places for published models: a folder, `s3://BUCKET/PREFIX` or `gs://BUCKET/PREFIX`.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::error::PublishError;
use super::published::{Published, Version};
use crate::bucket::{Address, Bucket, Fetched, Limits};

/// Name of the document that names the champion.
const CHAMPION: &str = "champion.json";

/// Maximum size of that document: five versions, of which each takes some 200 bytes and its name.
const LARGEST_DOCUMENT: u64 = 64 << 10;

/// Maximum size of a model file, which is read into memory: a file that is larger is none of this platform, whose largest
/// forests take some hundreds of MiB.
pub const LARGEST_MODEL: u64 = 2 << 30;

/// Bytes of a folder's file that are read at once.
const PIECE: usize = 1 << 20;

/// Limits of a bucket: shorter than those of a backup, because what fails is tried again soon. A connection of 1.4 Mbit/s
/// takes a part of 5 MiB, the smallest that S3 allows, within the silence.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(3),
    silence: Duration::from_secs(30),
    retries: Duration::from_secs(5),
    part: 5 << 20,
};

/// An open place; clones share it. Every function blocks its thread, which must not be one that runs async tasks.
#[derive(Clone)]
pub enum Place {
    Folder(PathBuf),
    Bucket(Arc<Bucket>),
}

/// The published champion, if it is another one than before.
#[derive(Debug)]
pub enum Found {
    Nothing,
    Same,
    Champion {
        published: Published,
        /// Differs for another document; none if the place gives none.
        tag: Option<String>,
    },
}

impl Place {
    /// Opens a place by its path or address.
    ///
    /// # Errors
    /// It is neither, or the environment has no valid credentials for it.
    pub fn open(text: &str) -> Result<Place, PublishError> {
        match Place::check(text)? {
            Some(address) => {
                let bucket = Bucket::open(address, LIMITS)?;
                Ok(Place::Bucket(Arc::new(bucket)))
            }
            None => Ok(Place::Folder(text.into())),
        }
    }

    /// The address of a bucket; `None` for a path.
    ///
    /// # Errors
    /// It is neither.
    pub(super) fn check(text: &str) -> Result<Option<Address>, PublishError> {
        let wrong = |why: &'static str| PublishError::Place {
            // What may be a password is not repeated.
            text: text.rsplit_once('@').map_or(text, |(_, rest)| rest).into(),
            why,
        };
        match Address::parse(text) {
            Some(address) => address.map(Some).map_err(wrong),
            None if text.is_empty() => Err(wrong("it is empty")),
            None => Ok(None),
        }
    }

    /// Whether a champion was published to a folder.
    pub fn is_in(folder: &Path) -> bool {
        folder.join(CHAMPION).exists()
    }

    /// Address of a file in it, for people; of the place itself if the name is empty.
    pub fn shown(&self, name: &str) -> String {
        match self {
            Place::Folder(folder) if name.is_empty() => folder.display().to_string(),
            Place::Folder(folder) => folder.join(name).display().to_string(),
            Place::Bucket(bucket) => bucket.shown(name),
        }
    }

    /// The published champion, unless the document still has `tag`.
    pub fn champion(&self, tag: Option<&str>) -> Result<Found, PublishError> {
        let (bytes, tag) = match self.fetch(CHAMPION, tag)? {
            Fetched::Missing => return Ok(Found::Nothing),
            Fetched::Same => return Ok(Found::Same),
            Fetched::TooLarge => return Err(self.too_large(CHAMPION, LARGEST_DOCUMENT)),
            Fetched::Read { bytes, tag } => (bytes, tag),
        };
        let published = Published::decode(&bytes, || self.shown(CHAMPION))?;
        Ok(Found::Champion { published, tag })
    }

    /// The bytes of a model file, unchecked; `read` counts them as they come. `size` is what the file should have.
    pub fn file(
        &self,
        name: &str,
        size: Option<u64>,
        read: &AtomicU64,
    ) -> Result<Vec<u8>, PublishError> {
        let most = size.unwrap_or(LARGEST_MODEL).min(LARGEST_MODEL);
        let too_large = || self.too_large(name, most);
        match self {
            Place::Folder(folder) => {
                let path = folder.join(name);
                let failed = PublishError::io("read", &path);
                match File::open(&path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        Err(self.missing(name))
                    }
                    Err(error) => Err(failed(error)),
                    Ok(file) => {
                        let bytes = whole(file, most, read).map_err(failed)?;
                        bytes.ok_or_else(too_large)
                    }
                }
            }
            Place::Bucket(bucket) => match bucket.whole(name, most, read)? {
                Fetched::Read { bytes, .. } => Ok(bytes),
                Fetched::TooLarge => Err(too_large()),
                Fetched::Missing | Fetched::Same => Err(self.missing(name)),
            },
        }
    }

    fn missing(&self, name: &str) -> PublishError {
        PublishError::Unreadable {
            place: self.shown(""),
            fault: format!("{name} is missing"),
        }
    }

    fn too_large(&self, name: &str, most: u64) -> PublishError {
        PublishError::TooLarge {
            file: self.shown(name),
            most,
        }
    }

    /// Publishes a champion: its file, then the document. Then removes files that are not named any more, which may fail
    /// without harm.
    pub(super) fn publish(&self, published: &Published, bytes: &[u8]) -> Result<(), PublishError> {
        if !self.has(&published.champion)? {
            self.put(&published.champion.file(), bytes)?;
        }
        self.put(CHAMPION, &published.encode())?;
        if let Err(error) = self.clear(published) {
            tracing::warn!(%error, "publish: a model file that is not needed any more cannot be removed");
        }
        Ok(())
    }

    fn clear(&self, published: &Published) -> Result<(), PublishError> {
        let mut names = self.list()?;
        names.retain(|name| published.is_superfluous(name));
        names.iter().try_for_each(|name| self.remove(name))
    }

    /// Whether the file of a version is there, with its size.
    pub(super) fn has(&self, version: &Version) -> Result<bool, PublishError> {
        let size = match self {
            Place::Folder(folder) => {
                let path = folder.join(version.file());
                fs::metadata(path).ok().map(|facts| facts.len())
            }
            Place::Bucket(bucket) => bucket.size(&version.file())?,
        };
        Ok(size == Some(version.bytes))
    }

    /// Reads a document, unless it still has `tag`.
    fn fetch(&self, name: &str, tag: Option<&str>) -> Result<Fetched, PublishError> {
        match self {
            Place::Folder(folder) => {
                let path = folder.join(name);
                let failed = PublishError::io("read", &path);
                match File::open(&path) {
                    Ok(file) => {
                        let bytes = whole(file, LARGEST_DOCUMENT, &AtomicU64::new(0));
                        Ok(match bytes.map_err(failed)? {
                            Some(bytes) => Fetched::Read { bytes, tag: None },
                            None => Fetched::TooLarge,
                        })
                    }
                    // A folder that is gone, such as one that is not mounted, is not an empty one.
                    Err(error) if error.kind() == io::ErrorKind::NotFound && folder.is_dir() => {
                        Ok(Fetched::Missing)
                    }
                    Err(error) => Err(failed(error)),
                }
            }
            Place::Bucket(bucket) => Ok(bucket.fetch(name, tag, LARGEST_DOCUMENT)?),
        }
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), PublishError> {
        match self {
            Place::Folder(folder) => {
                let path = folder.join(name);
                replace(folder, &path, bytes).map_err(PublishError::io("write", &path))
            }
            Place::Bucket(bucket) => Ok(bucket.put(name, bytes)?),
        }
    }

    fn list(&self) -> Result<Vec<String>, PublishError> {
        match self {
            Place::Folder(folder) => {
                let entries = fs::read_dir(folder).map_err(PublishError::io("list", folder))?;
                let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
                Ok(entries.flatten().map(name).collect())
            }
            Place::Bucket(bucket) => Ok(bucket.list()?),
        }
    }

    fn remove(&self, name: &str) -> Result<(), PublishError> {
        match self {
            Place::Folder(folder) => {
                let path = folder.join(name);
                fs::remove_file(&path).map_err(PublishError::io("remove", &path))
            }
            Place::Bucket(bucket) => Ok(bucket.remove(name)?),
        }
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown(""))
    }
}

/// Reads everything, in pieces that `read` counts; `None` if it is more than `most` bytes.
fn whole(from: impl Read, most: u64, read: &AtomicU64) -> io::Result<Option<Vec<u8>>> {
    let mut from = from.take(most.saturating_add(1));
    let mut bytes = Vec::new();
    loop {
        let piece = from.by_ref().take(PIECE as u64).read_to_end(&mut bytes)?;
        read.fetch_add(piece as u64, Ordering::Relaxed);
        if piece < PIECE {
            return Ok((bytes.len() as u64 <= most).then_some(bytes));
        }
    }
}

/// Replaces a file: it has its old or its new content at any time, also after a crash. Who may read it is for the umask to say.
fn replace(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let _ = fs::remove_file(&temporary); // of a server that was killed, or a link of somebody else
    let written = File::create_new(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    if let Err(error) = written.and_then(|()| fs::rename(&temporary, path)) {
        let _ = fs::remove_file(&temporary); // the disk may be full
        return Err(error);
    }
    if cfg!(unix) {
        File::open(folder)?.sync_all()?; // Windows has no such operation and does not need it
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::Folder(folder.path().into());
        fs::write(folder.path().join("a.model"), vec![7; 3 * PIECE + 5]).unwrap();
        let size = 3 * PIECE as u64 + 5;
        let read = AtomicU64::new(0);
        for named in [Some(size), None] {
            read.store(0, Ordering::Relaxed);
            let bytes = place.file("a.model", named, &read).unwrap();
            assert_eq!(bytes.len() as u64, size);
            assert_eq!(read.load(Ordering::Relaxed), size);
        }
        let error = place.file("a.model", Some(size - 1), &read).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("a.model is larger than"), "{text}");
        let error = place.file("b.model", None, &read).unwrap_err().to_string();
        assert!(error.contains("b.model is missing"), "{error}");
    }

    #[test]
    fn a_document_that_is_none_is_not_read_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let file = File::create(folder.path().join(CHAMPION)).unwrap();
        file.set_len(1 << 40).unwrap(); // it takes no room
        let place = Place::Folder(folder.path().into());
        let error = place.champion(None).unwrap_err().to_string();
        assert!(
            error.contains("champion.json is larger than 65536 bytes"),
            "{error}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn the_umask_says_who_may_read_what_is_published_and_a_link_is_not_followed() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let place = Place::Folder(folder.path().into());
        let (reference, foreign) = (
            folder.path().join("reference"),
            folder.path().join("foreign"),
        );
        fs::write(&reference, "as any program writes it").unwrap();
        fs::write(&foreign, "of somebody else").unwrap();
        symlink(&foreign, folder.path().join("champion.json.tmp")).unwrap();
        place.put(CHAMPION, b"{}").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&folder.path().join(CHAMPION)), mode(&reference));
        assert_eq!(fs::read(&foreign).unwrap(), b"of somebody else");
    }
}
