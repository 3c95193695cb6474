//! A registry that is only read and whose champion is fixed: that of a predict-only server, whose model may come from a folder
//! of model files without a ledger.

use std::path::{Path, PathBuf};

use super::{Registry, RegistryError, Standing, Version, disk};

impl Registry {
    /// The registry of a folder of model files, such as `/opt/ml/model`. Training tables are not part of it.
    ///
    /// # Errors
    /// When the folder exists and cannot be read.
    pub fn of_folder(models: &Path) -> Result<Registry, RegistryError> {
        let registry = Registry {
            models: models.to_owned(),
            tables: models.join("tables"),
            fixed: None,
            is_read_only: false,
        };
        registry.files()?;
        Ok(registry)
    }

    /// The same registry with this version as champion, whatever its ledger says. It must not be written to.
    pub fn fixed(mut self, champion: Version) -> Registry {
        self.fixed = Some(champion);
        self.read_only()
    }

    /// The same registry, to which nothing is written, not even an epoch.
    pub fn read_only(mut self) -> Registry {
        self.is_read_only = true;
        self
    }

    /// Keeps a version that another registry published: its file, and the pointer to it as champion. The version before it
    /// stays, older ones are removed.
    ///
    /// # Errors
    /// The folder cannot be written, or it has a ledger of its own.
    pub fn keep(&self, version: &Version, bytes: &[u8]) -> Result<(), RegistryError> {
        if self.has_ledger() {
            let taken = std::io::Error::other(
                "it is the registry of a server that trains; a follower needs a state of its own",
            );
            return Err(RegistryError::io("follow into", &self.models)(taken));
        }
        disk::create_folder(&self.models)?;
        let before = self.pointer().ok().flatten();
        disk::replace(&self.path(version), bytes)?;
        disk::replace(&self.pointer_path(), format!("{version}\n").as_bytes())?;
        for other in self.files()? {
            if other != *version && Some(&other) != before.as_ref() {
                disk::remove(&self.path(&other))?;
            }
        }
        Ok(())
    }

    /// Keeps, beside the kept version, the position of the ledger that named it, which is that of another registry.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn keep_standing(&self, standing: &Standing) -> Result<(), RegistryError> {
        disk::create_folder(&self.models)?;
        let text = serde_json::to_string(standing).expect("it is a number and a text");
        disk::replace(&self.followed_path(), format!("{text}\n").as_bytes())
    }

    /// What [`Registry::keep_standing`] kept.
    ///
    /// # Errors
    /// The file cannot be read, or is damaged.
    pub fn kept_standing(&self) -> Result<Option<Standing>, RegistryError> {
        let path = self.followed_path();
        let Some(bytes) = disk::read(&path)? else {
            return Ok(None);
        };
        let read = serde_json::from_slice(&bytes).map(Some);
        read.map_err(|fault| RegistryError::io("read", &path)(fault.into()))
    }

    fn followed_path(&self) -> PathBuf {
        self.models.join("followed")
    }

    /// Whether versions are published here.
    pub fn has_ledger(&self) -> bool {
        self.ledger_path().exists()
    }

    /// The versions that have a file, the highest number first.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn newest_first(&self) -> Result<Vec<Version>, RegistryError> {
        let mut files = self.files()?;
        files.sort_by_key(|version| std::cmp::Reverse(version.number()));
        Ok(files)
    }

    /// The folder and the version of a model file, by its name.
    pub fn of_file(path: &Path) -> Option<(PathBuf, Version)> {
        let version = Version::of_file(path.file_name()?.to_str()?)?;
        let folder = path.parent().filter(|parent| *parent != Path::new(""));
        Some((folder.unwrap_or(Path::new(".")).to_owned(), version))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;

    #[test]
    fn a_fixed_champion_stands_without_a_ledger_and_against_one() {
        let (_state, registry) = registry_with(3);
        promote(&registry, 3);
        let fixed = registry.clone().fixed(version(2));
        assert_eq!(fixed.champion().unwrap(), Some(version(2)));
        std::fs::remove_file(registry.ledger_path()).unwrap();
        std::fs::remove_file(registry.epoch_path()).unwrap();
        let folder = Registry::of_folder(&registry.models).unwrap();
        assert_eq!(
            folder.newest_first().unwrap(),
            [version(3), version(2), version(1)]
        );
        let fixed = folder.fixed(version(1));
        assert_eq!(fixed.champion().unwrap(), Some(version(1)));
        // Asking where it stands writes nothing.
        assert_eq!(fixed.standing().unwrap().epoch, "");
        assert!(!registry.epoch_path().exists());
    }

    #[test]
    fn the_standing_of_a_followed_registry_is_kept() {
        let state = tempfile::tempdir().unwrap();
        let registry = Registry::open(state.path()).unwrap().read_only();
        assert_eq!(registry.kept_standing().unwrap(), None);
        let standing = Standing {
            seq: 7,
            epoch: "e".into(),
        };
        registry.keep(&version(1), b"a model").unwrap();
        registry.keep_standing(&standing).unwrap();
        assert_eq!(registry.kept_standing().unwrap(), Some(standing));
        std::fs::write(registry.models.join("followed"), b"{\"seq\":").unwrap();
        registry.keep(&version(2), b"another model").unwrap();
        assert!(registry.kept_standing().is_err());
        assert_eq!(registry.champion().unwrap(), Some(version(2)));
    }

    #[test]
    fn a_file_names_its_folder_and_version() {
        let of = |path: &str| Registry::of_file(Path::new(path));
        assert_eq!(of("/m/wine@2.model"), Some(("/m".into(), version(2))));
        assert_eq!(of("wine@2.model"), Some((".".into(), version(2))));
        assert_eq!(of("/m/model.bin"), None);
        assert_eq!(of("/"), None);
    }
}
