//! Restores an archive into an empty state.
//!
//! ```text
//! STATE/restore.part    an archive that is being unpacked and checked; removed by the next restore
//! STATE/restore.whole   one that passed every check; the rename from `.part` is the commit point
//! ```
//!
//! The rename makes the state whole: whatever opens it next moves the files to their places first ([`finish`]), as this
//! process does at once. Before the rename the state is as empty as it was.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;

use super::contents::Contents;
use super::error::BackupError;
use super::local::sync_folder_of;
use super::manifest::Manifest;
use super::place::{Opened, Place, is_named_by_time};
use super::storage::Storage;
use super::unpack::unpack;
use super::watch::{Stage, Watch};
use crate::bucket::Limits;
use crate::registry::Registry;
use crate::store::{self, OpenError, maintenance};

const PART: &str = "restore.part";
const WHOLE: &str = "restore.whole";

/// What a state consists of.
const PARTS: [&str; 3] = ["models", "tables", store::NAME];

/// What a registry creates before anything is registered.
const REGISTRY: [&str; 2] = ["lock", "epoch"];

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Restored {
    /// Path or address of the archive.
    pub file: String,
    /// Time of the backup.
    pub created: String,
    pub contents: Contents,
    /// Newer archives of the same place that are not whole, with the reasons.
    pub passed_over: Vec<String>,
}

/// Restores an archive, or the newest whole one of a folder or bucket, into an empty state. On an error the state stays empty.
///
/// # Errors
/// The state is not empty or is in use, there is no archive, or none is whole.
pub fn restore(
    state: &Path,
    from: &Place,
    limits: Limits,
    watch: Watch<'_>,
) -> Result<Restored, BackupError> {
    fs::create_dir_all(state).map_err(BackupError::io("create", state))?;
    // Held until the restored store has taken its place: no other process can open the state meanwhile.
    let held = store::open(state).map_err(|error| match error {
        OpenError::Damaged { .. } => BackupError::NotEmpty {
            state: state.into(),
            what: "a damaged event store".into(),
        },
        error => error.into(),
    })?;
    check_empty(state, maintenance::stats(&held)?.seq)?;
    let part = state.join(PART);
    let done = unpacked(&part, from, limits, watch).and_then(|(manifest, restored)| {
        Registry::open(&part)?.begin_epoch()?;
        sync(&part, &manifest)?;
        clear(state)?;
        let whole = state.join(WHOLE);
        fs::rename(&part, &whole).map_err(BackupError::io("write", &whole))?;
        sync_folder_of(&whole)?;
        Ok(restored)
    });
    if done.is_err() {
        let _ = fs::remove_dir_all(&part); // the first error is the one to report
    }
    let restored = done?;
    finish(state)?;
    drop(held);
    Ok(restored)
}

/// Finishes a restore that was interrupted after it had passed every check. Every process calls this before it opens a state.
///
/// # Errors
/// A file is in the way, or the disk fails.
pub fn finish(state: &Path) -> Result<(), BackupError> {
    let whole = state.join(WHOLE);
    if !whole.exists() {
        return Ok(());
    }
    for name in PARTS {
        let place = state.join(name);
        match fs::rename(whole.join(name), &place) {
            // It was moved already, by this process or by another one.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            moved => moved.map_err(BackupError::io("put a restored file at", &place))?,
        }
    }
    sync_folder_of(&whole)?;
    match fs::remove_dir_all(&whole) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(BackupError::io("remove", &whole)(error))
        }
        _ => Ok(()),
    }
}

/// Whether a file is a backup of the event store alone, as this program made them before it made archives.
pub fn is_store_alone(path: &Path) -> bool {
    let mut magic = [0; 4];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut magic));
    read.is_ok() && magic == *b"redb"
}

/// Unpacks the archive, or the newest whole one.
fn unpacked(
    part: &Path,
    from: &Place,
    limits: Limits,
    watch: Watch<'_>,
) -> Result<(Manifest, Restored), BackupError> {
    let Opened { storage, name } = from.for_reading(limits)?;
    let is_one = name.is_some();
    let names = match name {
        Some(name) => vec![name],
        None => newest_first(&*storage)?,
    };
    let mut faults = Vec::new();
    for name in &names {
        let shown = storage.shown(name);
        clean(part)?;
        let stage = Stage::new(watch, [0.0, 1.0], u64::MAX);
        match unpack(&mut *storage.read(name)?, &shown, part, &stage) {
            Ok(manifest) => {
                let restored = Restored {
                    file: shown,
                    created: crate::clock::rfc3339(manifest.created),
                    contents: manifest.contents.clone(),
                    passed_over: faults,
                };
                return Ok((manifest, restored));
            }
            Err(error) if !is_one && is_of_archive(&error) => faults.push(error.to_string()),
            Err(error) => return Err(error),
        }
    }
    let place = from.to_string();
    if faults.is_empty() {
        return Err(BackupError::None { place });
    }
    Err(BackupError::NoneWhole { place, faults })
}

/// Whether an error says that an archive is of no use, so that an older one may do.
fn is_of_archive(error: &BackupError) -> bool {
    matches!(
        error,
        BackupError::Damaged { .. } | BackupError::Incomplete { .. } | BackupError::Unlike { .. }
    )
}

fn newest_first(storage: &dyn Storage) -> Result<Vec<String>, BackupError> {
    let mut names = storage.list()?;
    names.retain(|name| is_named_by_time(name));
    names.sort_by(|one, other| other.cmp(one));
    Ok(names)
}

/// Makes an empty folder.
fn clean(folder: &Path) -> Result<(), BackupError> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(BackupError::io("remove", folder))?;
    }
    fs::create_dir_all(folder).map_err(BackupError::io("create", folder))
}

/// Checks that a state holds nothing that a restore would overwrite.
fn check_empty(state: &Path, events: u64) -> Result<(), BackupError> {
    let not_empty = |what: String| {
        Err(BackupError::NotEmpty {
            state: state.into(),
            what,
        })
    };
    if events > 0 {
        return not_empty(format!("{events} events"));
    }
    for (folder, allowed) in [("models", &REGISTRY[..]), ("tables", &[])] {
        let path = state.join(folder);
        let entries = match fs::read_dir(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries.map_err(BackupError::io("list", &path))?,
        };
        for entry in entries {
            let name = entry.map_err(BackupError::io("list", &path))?.file_name();
            if !allowed.iter().any(|allowed| name == *allowed) {
                return not_empty(format!("{folder}/{}", name.to_string_lossy()));
            }
        }
    }
    Ok(())
}

/// Removes the folders of an empty registry, in the place of which the restored ones go.
fn clear(state: &Path) -> Result<(), BackupError> {
    let models = state.join("models");
    for name in REGISTRY {
        let _ = fs::remove_file(models.join(name)); // what is left is in the way below
    }
    for folder in [models, state.join("tables")] {
        match fs::remove_dir(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(BackupError::io("replace", &folder)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Makes an unpacked state durable.
fn sync(part: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    for name in manifest.files.keys() {
        let path = part.join(name);
        let file = File::options().write(true).open(&path); // Windows syncs no file that is only read
        let synced = file.and_then(|file| file.sync_all());
        synced.map_err(BackupError::io("sync", &path))?;
    }
    for folder in ["models/x", "tables/x", "x"] {
        sync_folder_of(&part.join(folder))?;
    }
    Ok(())
}
