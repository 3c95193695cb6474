//! Reads an archive into a folder, and checks every byte of it.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::contents::Contents;
use super::error::BackupError;
use super::manifest::{self, FileDigest, Manifest};
use super::seal::{FORMAT, Fault, Unsealer};
use super::watch::{Stage, Watch};
use crate::store;

/// Maximum size of a manifest: a million files.
const MOST_MANIFEST: u64 = 256 << 20;

/// Unpacks an archive into an empty folder and checks the seal, the manifest, the digest of every file, every page of the
/// store, and the counts. `shown` names the archive in errors. On an error the folder holds nothing of use.
pub(super) fn unpack(
    from: &mut dyn Read,
    shown: &str,
    folder: &Path,
    stage: &Stage<'_>,
) -> Result<Manifest, BackupError> {
    let mut unsealer = Unsealer::new(stage.read(from));
    let unpacked = files(&mut unsealer, shown, folder);
    stage.watch().check()?;
    // This disk failed, which says nothing about the archive.
    if let Err(error @ BackupError::Io { .. }) = unpacked {
        return Err(error);
    }
    // A storage that failed fails again here; a missing seal explains every fault before it.
    let sealed = unsealer.finish().map_err(|error| unreadable(shown, &error));
    stage.watch().check()?;
    match (sealed?, unpacked) {
        (Err(Fault::Missing(bytes)), _) => Err(BackupError::Incomplete {
            archive: shown.into(),
            bytes,
        }),
        (Err(Fault::Later(found)), _) => Err(BackupError::Later {
            archive: shown.into(),
            found,
            known: FORMAT,
        }),
        (_, Err(error)) => Err(error),
        (Err(Fault::Broken(fault)), _) => Err(damaged(shown, fault)),
        (Ok(()), Ok(manifest)) => {
            check(folder, &manifest, shown, stage.watch())?;
            Ok(manifest)
        }
    }
}

/// Opens the restored store, of which every page is verified, and counts what came back.
fn check(
    folder: &Path,
    manifest: &Manifest,
    shown: &str,
    watch: Watch<'_>,
) -> Result<(), BackupError> {
    let file = store::File::open_verified(folder)?;
    let back = Contents::of(folder, &file, watch);
    file.shut();
    match manifest.contents.difference(&back?) {
        None => Ok(()),
        Some(what) => Err(BackupError::Unlike {
            archive: shown.into(),
            what,
        }),
    }
}

fn files(from: &mut dyn Read, shown: &str, folder: &Path) -> Result<Manifest, BackupError> {
    let garbled =
        |at: &str, error: &io::Error| damaged(shown, format!("{at} cannot be unpacked: {error}"));
    for within in ["models", "tables"] {
        let folder = folder.join(within);
        fs::create_dir_all(&folder).map_err(BackupError::io("create", &folder))?;
    }
    let decoder = zstd::Decoder::new(from).map_err(|e| garbled("its beginning", &e))?;
    let mut tar = tar::Archive::new(decoder);
    let mut found = BTreeMap::new();
    let mut manifest = None;
    let mut last = "its beginning".to_owned();
    for entry in tar.entries().map_err(|e| garbled(&last, &e))? {
        let mut entry = entry.map_err(|e| garbled(&format!("what follows {last}"), &e))?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if !entry.header().entry_type().is_file() || !manifest::is_known(&name) {
            let fault = format!("it holds {name:?}, which is no file of a state");
            return Err(damaged(shown, fault));
        }
        if name == manifest::NAME {
            let mut text = Vec::new();
            let read = (&mut entry).take(MOST_MANIFEST).read_to_end(&mut text);
            read.map_err(|e| garbled(&name, &e))?;
            let read = serde_json::from_slice::<Manifest>(&text);
            let read = read.map_err(|e| damaged(shown, format!("{name} cannot be read: {e}")));
            manifest = Some(read?);
            last = name;
            continue;
        }
        let path = folder.join(&name);
        let failed = BackupError::io("write", &path);
        let mut to = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(&failed)?;
        let mut sha256 = Sha256::new();
        let (mut bytes, mut piece) = (0, vec![0; 1 << 16]);
        loop {
            let read = entry.read(&mut piece).map_err(|e| garbled(&name, &e))?;
            if read == 0 {
                break;
            }
            sha256.update(&piece[..read]);
            to.write_all(&piece[..read]).map_err(&failed)?;
            bytes += read as u64;
        }
        to.sync_all().map_err(&failed)?;
        let sha256 = hex::encode(sha256.finalize());
        found.insert(name.clone(), FileDigest { bytes, sha256 });
        last = name;
    }
    // The decoder checks its checksum only at the very end.
    let rest = io::copy(&mut tar.into_inner(), &mut io::sink());
    rest.map_err(|e| garbled(&format!("what follows {last}"), &e))?;
    let manifest =
        manifest.ok_or_else(|| damaged(shown, format!("it has no {}", manifest::NAME)))?;
    compare(&manifest.files, &found).map_err(|fault| damaged(shown, fault))?;
    Ok(manifest)
}

/// Compares the files that the manifest names with those that are there.
fn compare(
    said: &BTreeMap<String, FileDigest>,
    found: &BTreeMap<String, FileDigest>,
) -> Result<(), String> {
    for (name, said) in said {
        match found.get(name) {
            Some(file) if file == said => {}
            Some(file) => {
                return Err(format!(
                    "{name} has {} bytes with SHA-256 {}, the manifest says {} with {}",
                    file.bytes, file.sha256, said.bytes, said.sha256
                ));
            }
            None => return Err(format!("{name} is missing")),
        }
    }
    match found.keys().find(|name| !said.contains_key(*name)) {
        Some(name) => Err(format!("{name} is not in the manifest")),
        None if !found.contains_key(store::NAME) => Err(format!("{} is missing", store::NAME)),
        None => Ok(()),
    }
}

fn damaged(shown: &str, fault: impl Into<String>) -> BackupError {
    BackupError::Damaged {
        archive: shown.into(),
        fault: fault.into(),
    }
}

fn unreadable(shown: &str, error: &io::Error) -> BackupError {
    BackupError::Storage {
        place: shown.into(),
        why: format!("it cannot be read: {error}"),
    }
}
