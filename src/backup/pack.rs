//! Writes the files of a folder into an archive: tar, Zstandard, seal.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tar::{Builder, Header};

use super::contents::Contents;
use super::error::BackupError;
use super::manifest::{self, FileDigest, Manifest};
use super::seal::Sealer;
use super::watch::{Stage, Watch};

/// Level of compression: stronger ones take the processor from who predicts, for a few percent.
const LEVEL: i32 = 3;

/// Packs the files of a copied state; returns the size of the archive. `shown` names the archive in errors.
pub(super) fn pack(
    folder: &Path,
    contents: Contents,
    created: Timestamp,
    (to, shown): (&mut dyn Write, &str),
    (watch, share): (Watch<'_>, [f64; 2]),
) -> Result<u64, BackupError> {
    let files = files(folder)?;
    let total = files.iter().map(|(_, _, bytes)| bytes).sum();
    let stage = Stage::new(watch, share, total);
    let failed = |error: io::Error| match watch.check() {
        Err(stopped) => stopped,
        Ok(()) => BackupError::Storage {
            place: shown.into(),
            why: format!("it cannot be written: {error}"),
        },
    };
    let mut encoder = zstd::Encoder::new(Sealer::new(to), LEVEL).map_err(failed)?;
    encoder.include_checksum(true).map_err(failed)?;
    let mut tar = Builder::new(encoder);
    let mut manifest = Manifest {
        program: env!("CARGO_PKG_VERSION").into(),
        created,
        contents,
        files: Default::default(),
    };
    for (name, path, bytes) in files {
        let file = File::open(&path).map_err(BackupError::io("open", &path))?;
        let mut digesting = Digesting {
            from: stage.read(file),
            sha256: Sha256::new(),
        };
        append(&mut tar, &name, (bytes, created), &mut digesting).map_err(failed)?;
        let sha256 = hex::encode(digesting.sha256.finalize());
        manifest.files.insert(name, FileDigest { bytes, sha256 });
    }
    let text = serde_json::to_vec_pretty(&manifest)
        .expect("a manifest is text and numbers, which JSON can hold");
    let size = (text.len() as u64, created);
    append(&mut tar, manifest::NAME, size, &*text).map_err(failed)?;
    let sealer = tar.into_inner().and_then(zstd::Encoder::finish);
    sealer.and_then(Sealer::seal).map_err(failed)
}

fn append(
    tar: &mut Builder<impl Write>,
    name: &str,
    (bytes, created): (u64, Timestamp),
    from: impl Read,
) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_size(bytes);
    header.set_mode(0o600);
    header.set_mtime(u64::try_from(created.as_second()).unwrap_or(0));
    tar.append_data(&mut header, name, from)
}

/// The files of a copied state: name in the archive, path, size; in the order of their names.
fn files(folder: &Path) -> Result<Vec<(String, PathBuf, u64)>, BackupError> {
    let mut found = Vec::new();
    for (within, prefix) in [("", ""), ("models", "models/"), ("tables", "tables/")] {
        let folder = folder.join(within);
        let failed = BackupError::io("list", &folder);
        for entry in fs::read_dir(&folder).map_err(&failed)? {
            let entry = entry.map_err(&failed)?;
            let facts = entry.metadata().map_err(&failed)?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if facts.is_file() && manifest::is_known(&name) {
                found.push((name, entry.path(), facts.len()));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Reads a file and its digest.
struct Digesting<R> {
    from: R,
    sha256: Sha256,
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let bytes = self.from.read(to)?;
        self.sha256.update(&to[..bytes]);
        Ok(bytes)
    }
}
