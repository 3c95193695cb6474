//! Places for archives, as people write them: a file, a folder, `s3://bucket/prefix`, `gs://bucket/prefix`.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::error::BackupError;
use super::local::Folder;
use super::storage::Storage;
use crate::bucket::{Address, Bucket, Limits};

/// Ending of every archive.
const ENDING: &str = ".tar.zst";

/// Beginning of the archives that are named by time.
const BEGINNING: &str = "titanic-backup-";

/// Length of a time in a name: `20260131T091500.250Z`.
const TIME: usize = 20;

/// A place, checked but not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Local(PathBuf),
    Bucket(Address),
}

/// A storage, and the name of one archive in it; none if all archives in it are meant.
pub(super) struct Opened {
    pub storage: Box<dyn Storage>,
    pub name: Option<String>,
}

impl Place {
    /// Reads a place.
    ///
    /// # Errors
    /// It is empty, of another scheme, or has a password in it.
    pub fn parse(text: &str) -> Result<Place, BackupError> {
        let wrong = |why: &str| BackupError::Place {
            // What may be a password is not repeated.
            text: text.rsplit_once('@').map_or(text, |(_, rest)| rest).into(),
            why: why.into(),
        };
        match Address::parse(text) {
            Some(Ok(address)) => Ok(Place(Kind::Bucket(address))),
            Some(Err(why)) => Err(wrong(why)),
            None if text.is_empty() => Err(wrong("it is empty")),
            None => Ok(Place(Kind::Local(text.into()))),
        }
    }

    /// The path of a local place.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Kind::Local(path) => Some(path),
            Kind::Bucket(_) => None,
        }
    }

    /// Opens the place for one archive: an existing folder, a path that ends with a slash, and a key of a bucket without the
    /// ending of an archive get a name by time.
    pub(super) fn for_writing(
        &self,
        now: Timestamp,
        limits: Limits,
    ) -> Result<(Box<dyn Storage>, String), BackupError> {
        let Opened { storage, name } = match &self.0 {
            Kind::Local(path) if is_folder(path) => folder(path),
            Kind::Local(path) => file(path)?,
            Kind::Bucket(address) => bucket(address, limits)?,
        };
        Ok((storage, name.unwrap_or_else(|| name_at(now))))
    }

    /// Opens the place as a folder of archives, which is created if it is missing.
    pub(super) fn as_folder(&self, limits: Limits) -> Result<Box<dyn Storage>, BackupError> {
        match &self.0 {
            Kind::Local(path) => {
                std::fs::create_dir_all(path).map_err(BackupError::io("create", path))?;
                Ok(folder(path).storage)
            }
            Kind::Bucket(address) => Ok(Box::new(Bucket::open(address.clone(), limits)?)),
        }
    }

    /// Opens the place to read one archive, or the newest of a folder.
    pub(super) fn for_reading(&self, limits: Limits) -> Result<Opened, BackupError> {
        match &self.0 {
            Kind::Local(path) if path.is_dir() => Ok(folder(path)),
            Kind::Local(path) => file(path),
            Kind::Bucket(address) => bucket(address, limits),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Kind::Local(path) => path.display().fmt(f),
            Kind::Bucket(address) => f.write_str(&address.of("")),
        }
    }
}

fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.as_os_str().to_string_lossy().ends_with('/')
}

fn folder(path: &Path) -> Opened {
    Opened {
        storage: Box::new(Folder(path.into())),
        name: None,
    }
}

fn file(path: &Path) -> Result<Opened, BackupError> {
    let name = path.file_name().ok_or_else(|| BackupError::Place {
        text: path.display().to_string(),
        why: "it names no file".into(),
    })?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    Ok(Opened {
        storage: Box::new(Folder(folder.into())),
        name: Some(name.to_string_lossy().into_owned()),
    })
}

fn bucket(address: &Address, limits: Limits) -> Result<Opened, BackupError> {
    let mut address = address.clone();
    let mut name = None;
    if address.prefix.ends_with(ENDING) {
        let key = std::mem::take(&mut address.prefix);
        let (prefix, file) = key.rsplit_once('/').unwrap_or(("", &key));
        (address.prefix, name) = (prefix.to_owned(), Some(file.to_owned()));
    }
    Ok(Opened {
        storage: Box::new(Bucket::open(address, limits)?),
        name,
    })
}

/// The name of an archive that is made now. Names sort by time.
pub(super) fn name_at(now: Timestamp) -> String {
    let time = now.strftime("%Y%m%dT%H%M%S.%3fZ");
    format!("{BEGINNING}{time}{ENDING}")
}

/// Whether a file has a name by time. Other files of the folder are neither restored from it nor removed.
pub(super) fn is_named_by_time(name: &str) -> bool {
    let time = name
        .strip_prefix(BEGINNING)
        .and_then(|rest| rest.strip_suffix(ENDING));
    time.is_some_and(|time| {
        time.len() == TIME
            && time.bytes().enumerate().all(|(at, byte)| match at {
                8 => byte == b'T',
                15 => byte == b'.',
                19 => byte == b'Z',
                _ => byte.is_ascii_digit(),
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_path_or_a_folder_of_a_bucket() {
        for (text, shown) in [
            ("backups/", "backups/"),
            ("/var/backups/a.tar.zst", "/var/backups/a.tar.zst"),
            ("s3://shop", "s3://shop/"),
            ("s3://shop/a/b/", "s3://shop/a/b"),
            ("gs://shop/a", "gs://shop/a"),
        ] {
            assert_eq!(Place::parse(text).unwrap().to_string(), shown);
        }
        for (text, part) in [
            ("", "it is empty"),
            ("ftp://host/x", "neither s3 nor gs"),
            ("https://shop.s3.amazonaws.com/x", "neither s3 nor gs"),
            ("s3://", "it names no bucket"),
            ("s3:///x", "it names no bucket"),
            ("s3://shop/x?versionId=1", "it has a query"),
        ] {
            let error = Place::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
            assert!(error.contains("s3://BUCKET/PREFIX"), "{error}");
        }
        let error = Place::parse("s3://AKIA:hush@shop/x")
            .unwrap_err()
            .to_string();
        assert!(error.contains("AWS_SECRET_ACCESS_KEY"), "{error}");
        assert!(!error.contains("hush"), "{error}");
    }

    #[test]
    fn names_sort_by_time() {
        let at = |text: &str| name_at(text.parse().unwrap());
        let name = at("2026-01-31T09:15:00.25Z");
        assert_eq!(name, "titanic-backup-20260131T091500.250Z.tar.zst");
        assert!(is_named_by_time(&name));
        assert!(name < at("2026-01-31T09:15:00.251Z"));
        assert!(name < at("2026-10-01T00:00:00Z"));
        for other in [
            "titanic-backup-.tar.zst",
            "titanic-backup-20260131T091500.250Z.tar.zst.part",
            "titanic-backup-2026013XT091500.250Z.tar.zst",
            "mine.tar.zst",
        ] {
            assert!(!is_named_by_time(other), "{other}");
        }
    }
}
