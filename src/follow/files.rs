//! A folder or bucket as a source: one to which a server publishes, or the folder of a registry.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::champion::Champion;
use super::error::SourceError;
use crate::publish::{Found, Place, PublishError};
use crate::registry::{Registry, Standing};

/// Maximum time of a read during which nothing is read.
const PATIENCE: Duration = Duration::from_secs(30);

/// A place that is read on threads of its own.
#[derive(Clone, Debug)]
pub struct Files {
    place: Place,
    /// The champion as last read, with the tag of its document.
    known: Arc<Mutex<Option<(String, Champion)>>>,
    /// One read at a time: others do not join one that hangs.
    reads: Arc<Semaphore>,
}

impl Files {
    /// # Errors
    /// The text is neither a path nor the address of a bucket.
    pub fn open(text: &str) -> Result<Files, PublishError> {
        Ok(Files {
            place: Place::open(text)?,
            known: Arc::default(),
            reads: Arc::new(Semaphore::new(1)),
        })
    }

    pub fn name(&self) -> String {
        self.place.shown("")
    }

    /// The champion; `None` if there is none.
    pub async fn champion(&self) -> Result<Option<Champion>, SourceError> {
        self.read(|files, _| match &files.place {
            Place::Folder(folder) if !Place::is_in(folder) => registered(folder),
            _ => files.published(),
        })
        .await
    }

    /// The bytes of a version, unchecked.
    pub async fn file(&self, champion: &Champion) -> Result<Vec<u8>, SourceError> {
        let champion = champion.clone();
        self.read(move |files, read| {
            let Champion {
                version,
                sha256,
                bytes,
                ..
            } = &champion;
            let file = match (&files.place, sha256) {
                (Place::Folder(folder), _) if !Place::is_in(folder) => {
                    Place::Folder(models(folder)).file(&format!("{version}.model"), *bytes, read)
                }
                (place, Some(sha256)) => place.file(&format!("{sha256}.model"), *bytes, read),
                (_, None) => unreachable!("a document names the digest of each version"),
            };
            Ok(file?)
        })
        .await
    }

    fn published(&self) -> Result<Option<Champion>, SourceError> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let tag = known.as_ref().map(|(tag, _)| tag.as_str());
        let published = match self.place.champion(tag)? {
            Found::Same => return Ok(known.as_ref().map(|(_, champion)| champion.clone())),
            Found::Nothing => {
                *known = None;
                return Ok(None);
            }
            Found::Champion { published, tag } => {
                let champion = Champion {
                    standing: Standing {
                        seq: published.seq,
                        epoch: published.epoch,
                    },
                    version: published.champion.model,
                    sha256: Some(published.champion.sha256),
                    bytes: Some(published.champion.bytes),
                };
                *known = tag.map(|tag| (tag, champion.clone()));
                champion
            }
        };
        Ok(Some(published))
    }

    /// Reads on a thread that may block, for as long as bytes come: `read` counts them.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Files, &AtomicU64) -> Result<T, SourceError> + Send + 'static,
    ) -> Result<T, SourceError> {
        let unreachable = |fault: String| SourceError::Unreachable {
            source_name: self.name(),
            fault,
        };
        let Ok(permit) = self.reads.clone().try_acquire_owned() else {
            return Err(unreachable("an earlier read has not ended".into()));
        };
        let (this, count) = (self.clone(), Arc::new(AtomicU64::new(0)));
        let counted = count.clone();
        let mut reading = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            read(&this, &counted)
        });
        loop {
            let before = count.load(Ordering::Relaxed);
            match tokio::time::timeout(PATIENCE, &mut reading).await {
                Ok(Ok(result)) => return result,
                Ok(Err(panic)) => return Err(unreachable(panic.to_string())),
                Err(_) if count.load(Ordering::Relaxed) > before => {}
                Err(_) => return Err(unreachable(format!("nothing came for {PATIENCE:?}"))),
            }
        }
    }
}

/// The champion of a registry.
fn registered(folder: &Path) -> Result<Option<Champion>, SourceError> {
    let registry = Registry::of_folder(&models(folder))?.read_only();
    let Some(version) = registry.champion()? else {
        return Ok(None);
    };
    let versions = registry.versions()?;
    let listed = versions
        .into_iter()
        .find(|listed| listed.version == version);
    Ok(Some(Champion {
        standing: registry.standing()?,
        bytes: listed.as_ref().and_then(|listed| listed.bytes),
        sha256: listed.and_then(|listed| listed.sha256),
        version,
    }))
}

/// The folder of the model files: that in a state folder, or the folder itself.
fn models(path: &Path) -> PathBuf {
    let models = path.join("models");
    if models.is_dir() { models } else { path.into() }
}
