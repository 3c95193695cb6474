//! The model registry: version files, the champion's pointer and the ledger.
//!
//! ```text
//! STATE/models/titanic@7.model   written once, never changed
//! STATE/models/ledger.jsonl      one line for each event of a version, hash-chained ([`ledger`])
//! STATE/models/champion          `titanic@7` and a newline
//! STATE/models/epoch             a random id, replaced when a state is restored ([`epoch`])
//! STATE/models/followed          of a follower: how far its source's ledger came ([`fixed`])
//! STATE/models/lock              held during every write; readers need no lock
//! STATE/tables/SHA256.parquet    the table that a version was trained on ([`tables`])
//! ```
//!
//! Several processes can use one registry at once: writers wait for each other, and readers only see complete files.
//!
//! **The ledger line is the commit point.** A version exists once its `trained` line is on the disk (its file is written
//! before), and is champion once its `promoted` line is on the disk. The consequences of a line, such as moving the pointer
//! or removing a file, follow immediately; if a crash prevents them, the next writer applies them without another line.
//! Every promotion therefore has exactly one `promoted` line, and a follower of the ledger ([`follow`]) sees it once.
//!
//! **The champion** is therefore determined by the ledger. The pointer file repeats it for people and scripts, and takes
//! precedence if the ledger is lost or damaged (other than by an incomplete last line).
//!
//! The registry handles files and bytes only. Callers pass in a function that checks whether bytes are a valid model.

use std::path::{Path, PathBuf};

mod copy;
mod disk;
mod entry;
mod epoch;
mod error;
pub mod evidence;
mod finding;
mod fixed;
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
mod trained;
pub mod verify;
mod version;
mod writer;

#[cfg(test)]
mod fixture;

pub use copy::Copied;
pub use entry::digest;
pub use epoch::Standing;
pub use error::RegistryError;
pub use evidence::Evidence;
pub use gc::Swept;
pub use intact::Intact;
pub use list::{Listed, Role};
pub use promote::Promotion;
pub use version::{Version, VersionError, VersionRef};

use history::History;
use ledger::Ledger;

/// A decision that the ledger records with an event: who made it, why, and on which evidence.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Who made the decision: a command, the name of a token, a rule.
    pub by: String,
    /// The reason for the decision, as a sentence.
    pub reason: String,
    pub evidence: Evidence,
}

/// The registry of one state folder. It holds no open file, and is cheap to clone and to share.
#[derive(Clone, Debug)]
pub struct Registry {
    models: PathBuf,
    tables: PathBuf,
    /// The champion of a registry that is only read ([`fixed`]).
    fixed: Option<Version>,
    /// Whether not even an epoch may be written.
    is_read_only: bool,
}

impl Registry {
    /// Opens the registry under `state`. Nothing is created before the first write.
    pub fn open(state: &Path) -> Result<Registry, RegistryError> {
        let registry = Registry {
            models: state.join("models"),
            tables: state.join("tables"),
            fixed: None,
            is_read_only: false,
        };
        disk::files(&registry.models)?;
        Ok(registry)
    }

    /// The champion, if there is one. The module documentation describes when the ledger and when the pointer decides.
    pub fn champion(&self) -> Result<Option<Version>, RegistryError> {
        self.champion_by(&self.ledger()?)
    }

    /// The bytes of a version, verified against the SHA-256 of its `trained` line.
    pub fn read(&self, wanted: &VersionRef) -> Result<Vec<u8>, RegistryError> {
        let ledger = self.ledger()?;
        let history = History::of(ledger.entries());
        let version = self.resolve(wanted, &history)?;
        self.bytes(&version, &history)
    }

    /// Resolves a reference to a version that has a ledger line or a file.
    pub fn find(&self, wanted: &VersionRef) -> Result<Version, RegistryError> {
        let ledger = self.ledger()?;
        self.resolve(wanted, &History::of(ledger.entries()))
    }

    fn champion_by(&self, ledger: &Ledger) -> Result<Option<Version>, RegistryError> {
        if let Some(fixed) = &self.fixed {
            return Ok(Some(fixed.clone()));
        }
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

    /// The version in the pointer file; `None` if there is no such file.
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

    /// The versions that have a file, in no particular order.
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

        // The ledger decides if a crash came before the pointer was moved, or if the pointer is invalid.
        for text in ["wine@1\n", "garbage", "", "\u{0}\u{0}"] {
            std::fs::write(registry.pointer_path(), text).unwrap();
            assert_eq!(champion(&registry), Some(2), "{text:?}");
        }
        // If the ledger is damaged, the pointer decides, provided that there is one.
        let sound = std::fs::read_to_string(registry.ledger_path()).unwrap();
        std::fs::write(
            registry.ledger_path(),
            sound.replacen("a test", "nobody", 1),
        )
        .unwrap();
        assert_eq!(champion(&registry), Some(2));
        std::fs::write(registry.pointer_path(), "wine@1\n").unwrap();
        assert_eq!(champion(&registry), Some(1));
        // Without a ledger, the pointer decides.
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
