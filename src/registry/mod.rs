//! Versions on disk, the champion's pointer, the ledger.
//!
//! ```text
//! STATE/models/titanic@7.model   written once, never changed
//! STATE/models/ledger.jsonl      one line for everything that ever happened to a version, hash-chained ([`ledger`])
//! STATE/models/champion          `titanic@7` and a newline
//! STATE/models/epoch             a random id, replaced when a state is restored ([`epoch`])
//! STATE/models/lock              held while anything here is written; readers need no lock
//! STATE/tables/SHA256.parquet    the table a version was trained on ([`tables`])
//! ```
//!
//! Several processes use one registry at once: writers wait for each other, readers see whole files only.
//!
//! **The ledger's line is the deed.** A version exists once its `trained` line is on the disk (the file is there before it),
//! and is champion once its `promoted` line is. What follows from a line — moving the pointer, removing a file — is done
//! right after it, and if a crash comes between, by the next writer, which adds no line for it. So every promotion has
//! exactly one `promoted`, and whoever follows the ledger ([`follow`]) sees it once.
//!
//! **Who is champion** is therefore read from the ledger. The pointer says the same for people and scripts, and stands in
//! where the ledger cannot be trusted (lost, or damaged other than by a torn end): a damaged ledger does not outvote a
//! readable pointer.
//!
//! This room knows files and bytes. Whether bytes make a model is asked of a function the caller hands in.

use std::path::{Path, PathBuf};

mod disk;
mod entry;
mod epoch;
mod error;
mod evidence;
mod finding;
pub mod follow;
mod gc;
mod history;
mod intact;
pub mod ledger;
mod list;
mod promote;
mod publish;
mod shadow;
pub mod tables;
pub mod verify;
mod version;
mod writer;

#[cfg(test)]
mod fixture;

pub use epoch::Standing;
pub use error::RegistryError;
pub use gc::Swept;
pub use intact::Intact;
pub use list::{Listed, Role};
pub use promote::Promotion;
pub use version::{Version, VersionError, VersionRef};

use history::History;
use ledger::Ledger;

/// Who decided, why, and on which figures: what the ledger keeps of every deed.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Who asked: a command, a token's name, a rule.
    pub by: String,
    /// Why, in a sentence.
    pub reason: String,
    pub evidence: serde_json::Value,
}

/// The registry of one state folder. Holds no file open; cheap to clone and to share.
#[derive(Clone, Debug)]
pub struct Registry {
    models: PathBuf,
    tables: PathBuf,
}

impl Registry {
    /// The registry under `state`. Nothing is created before the first write.
    pub fn open(state: &Path) -> Result<Registry, RegistryError> {
        let registry = Registry {
            models: state.join("models"),
            tables: state.join("tables"),
        };
        disk::files(&registry.models)?;
        Ok(registry)
    }

    /// The champion, if there is one. See the head of this module for whom to believe.
    pub fn champion(&self) -> Result<Option<Version>, RegistryError> {
        self.champion_by(&self.ledger()?)
    }

    /// The bytes of a version, held against the SHA-256 of its `trained` line.
    pub fn read(&self, wanted: &VersionRef) -> Result<Vec<u8>, RegistryError> {
        let ledger = self.ledger()?;
        let history = History::of(ledger.entries());
        let version = self.resolve(wanted, &history)?;
        self.bytes(&version, &history)
    }

    /// The version that is meant, if the ledger or a file knows it.
    pub fn find(&self, wanted: &VersionRef) -> Result<Version, RegistryError> {
        let ledger = self.ledger()?;
        self.resolve(wanted, &History::of(ledger.entries()))
    }

    fn champion_by(&self, ledger: &Ledger) -> Result<Option<Version>, RegistryError> {
        let by_ledger = History::of(ledger.entries()).champion().cloned();
        if ledger.is_sound() && !ledger.lines.is_empty() {
            return Ok(by_ledger);
        }
        match self.pointer() {
            Ok(None) => Ok(by_ledger),
            Err(RegistryError::Pointer { .. }) if by_ledger.is_some() => Ok(by_ledger),
            pointer => pointer,
        }
    }

    /// What the pointer file says; none if there is no such file.
    fn pointer(&self) -> Result<Option<Version>, RegistryError> {
        let path = self.pointer_path();
        let Some(bytes) = disk::read(&path)? else {
            return Ok(None);
        };
        let text = String::from_utf8_lossy(&bytes);
        match text.trim_ascii_end().parse() {
            Ok(version) => Ok(Some(version)),
            Err(_) => Err(RegistryError::Pointer {
                path,
                found: text.chars().take(40).collect(),
            }),
        }
    }

    fn resolve(&self, wanted: &VersionRef, history: &History) -> Result<Version, RegistryError> {
        let mut known = self.files()?;
        if let Some(version) = known.iter().find(|version| wanted.means(version)) {
            return Ok(version.clone());
        }
        match history
            .trained
            .get(&wanted.number())
            .map(|entry| entry.model.clone())
        {
            Some(version)
                if wanted.means(&version) && history.removed.contains(&version.number()) =>
            {
                Err(RegistryError::Removed { version })
            }
            Some(version) if wanted.means(&version) => Ok(version),
            _ => {
                known.sort_by_key(Version::number);
                Err(RegistryError::NotFound {
                    wanted: wanted.to_string(),
                    known,
                })
            }
        }
    }

    fn bytes(&self, version: &Version, history: &History) -> Result<Vec<u8>, RegistryError> {
        let path = self.path(version);
        let damaged = |fault: String| RegistryError::Damaged {
            version: version.clone(),
            path: path.clone(),
            fault,
        };
        let bytes = disk::read(&path)?.ok_or_else(|| damaged("the file is missing".into()))?;
        match history.trained.get(&version.number()) {
            Some(entry) if entry.sha256 != entry::digest(&bytes) => Err(damaged(format!(
                "its bytes have SHA-256 {}, the ledger says {}",
                entry::digest(&bytes),
                entry.sha256
            ))),
            _ => Ok(bytes),
        }
    }

    /// The versions there are files of, in no order.
    fn files(&self) -> Result<Vec<Version>, RegistryError> {
        let of_path = |path: PathBuf| Version::of_file(path.file_name()?.to_str()?);
        Ok(disk::files(&self.models)?
            .into_iter()
            .filter_map(of_path)
            .collect())
    }

    fn ledger(&self) -> Result<Ledger, RegistryError> {
        Ledger::read(&self.ledger_path())
    }

    fn path(&self, version: &Version) -> PathBuf {
        self.models.join(version.file_name())
    }

    fn ledger_path(&self) -> PathBuf {
        self.models.join("ledger.jsonl")
    }

    fn pointer_path(&self) -> PathBuf {
        self.models.join("champion")
    }

    fn epoch_path(&self) -> PathBuf {
        self.models.join("epoch")
    }

    fn lock_path(&self) -> PathBuf {
        self.models.join("lock")
    }
}

#[cfg(test)]
mod tests {
    use super::{fixture::*, *};

    #[test]
    fn the_ledger_says_who_is_champion_and_the_pointer_stands_in() {
        let (_state, registry) = registry_with(3);
        promote(&registry, 1);
        promote(&registry, 2);
        let champion =
            |registry: &Registry| registry.champion().unwrap().map(|version| version.number());

        // A crash between line and pointer, or a pointer of garbage: the ledger's word.
        for text in ["wine@1\n", "garbage", "", "\u{0}\u{0}"] {
            std::fs::write(registry.pointer_path(), text).unwrap();
            assert_eq!(champion(&registry), Some(2), "{text:?}");
        }
        // A damaged ledger: the pointer's word, if it has one.
        let sound = std::fs::read_to_string(registry.ledger_path()).unwrap();
        std::fs::write(
            registry.ledger_path(),
            sound.replacen("a test", "nobody", 1),
        )
        .unwrap();
        assert_eq!(champion(&registry), Some(2));
        std::fs::write(registry.pointer_path(), "wine@1\n").unwrap();
        assert_eq!(champion(&registry), Some(1));
        // No ledger at all.
        std::fs::remove_file(registry.ledger_path()).unwrap();
        assert_eq!(champion(&registry), Some(1));
        std::fs::write(registry.pointer_path(), "gar\nbage").unwrap();
        let fault = registry.champion().unwrap_err().to_string();
        assert!(
            fault.contains("models/champion") && fault.contains("gar\\nbage"),
            "{fault}"
        );
        std::fs::remove_file(registry.pointer_path()).unwrap();
        assert_eq!(champion(&registry), None);
    }

    #[test]
    fn versions_are_read_by_either_name_and_held_against_the_ledger() {
        let (_state, registry) = registry_with(2);
        let read = |text: &str| registry.read(&text.parse().unwrap());
        assert_eq!(read("2").unwrap(), b"model 2");
        assert_eq!(read("wine@2").unwrap(), b"model 2");
        let fault = read("titanic@2").unwrap_err();
        assert!(matches!(fault, RegistryError::NotFound { .. }));
        assert_eq!(
            fault.to_string(),
            "there is no version titanic@2; the newest are wine@2, wine@1"
        );
        std::fs::write(registry.path(&version(2)), b"model 3").unwrap();
        assert!(matches!(read("2"), Err(RegistryError::Damaged { .. })));
        std::fs::remove_file(registry.path(&version(2))).unwrap();
        let fault = read("2").unwrap_err().to_string();
        assert!(
            fault.contains("wine@2.model: the file is missing"),
            "{fault}"
        );
    }

    #[test]
    fn an_empty_state_is_an_empty_registry_and_creates_nothing() {
        let state = tempfile::tempdir().unwrap();
        let registry = Registry::open(&state.path().join("none")).unwrap();
        assert_eq!(registry.champion().unwrap(), None);
        assert!(registry.versions().unwrap().is_empty());
        assert!(!state.path().join("none").exists());
    }

    #[test]
    fn a_state_that_cannot_be_is_named_with_a_remedy() {
        let state = tempfile::tempdir().unwrap();
        std::fs::write(state.path().join("file"), b"").unwrap();
        let fault = Registry::open(&state.path().join("file")).unwrap_err();
        let text = fault.to_string();
        assert!(matches!(fault, RegistryError::Io { .. }));
        assert!(
            text.contains("file/models") && text.contains("--state"),
            "{text}"
        );
    }
}
