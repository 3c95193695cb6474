//! Places for published models: a folder, `s3://BUCKET/PREFIX` or `gs://BUCKET/PREFIX`.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::error::PublishError;
use super::published::{Published, Version};
use crate::bucket::{Address, Bucket, Fetched, Limits};

/// Name of the document that names the champion.
const CHAMPION: &str = "champion.json";

/// Time limits of a bucket: shorter than those of a backup, because what fails is tried again soon.
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(3),
    request: Duration::from_secs(30),
    retries: Duration::from_secs(5),
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
            Fetched::Read { bytes, tag } => (bytes, tag),
        };
        let published = Published::decode(&bytes, || self.shown(CHAMPION))?;
        Ok(Found::Champion { published, tag })
    }

    /// The bytes of a published version, unchecked.
    pub fn file(&self, sha256: &str) -> Result<Vec<u8>, PublishError> {
        let name = format!("{sha256}.model");
        match self.fetch(&name, None)? {
            Fetched::Read { bytes, .. } => Ok(bytes),
            _ => Err(PublishError::Unreadable {
                place: self.shown(""),
                fault: format!("{name} is missing"),
            }),
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

    fn fetch(&self, name: &str, tag: Option<&str>) -> Result<Fetched, PublishError> {
        match self {
            Place::Folder(folder) => {
                let path = folder.join(name);
                match fs::read(&path) {
                    Ok(bytes) => Ok(Fetched::Read { bytes, tag: None }),
                    // A folder that is gone, such as one that is not mounted, is not an empty one.
                    Err(error) if error.kind() == io::ErrorKind::NotFound && folder.is_dir() => {
                        Ok(Fetched::Missing)
                    }
                    Err(error) => Err(PublishError::io("read", &path)(error)),
                }
            }
            Place::Bucket(bucket) => Ok(bucket.fetch(name, tag)?),
        }
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), PublishError> {
        match self {
            Place::Folder(folder) => {
                let path = folder.join(name);
                replace(folder, &path, bytes).map_err(PublishError::io("write", &path))
            }
            Place::Bucket(bucket) => Ok(bucket.put(name, bytes.into())?),
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

/// Replaces a file: it has its old or its new content at any time, also after a crash.
fn replace(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    if let Err(error) = written.and_then(|()| fs::rename(&temporary, path)) {
        let _ = fs::remove_file(&temporary); // the disk may be full
        return Err(error);
    }
    File::open(folder)?.sync_all()
}
