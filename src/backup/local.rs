//! Archives in a folder of this machine.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::error::BackupError;
use super::seal::LENGTH;
use super::storage::{Storage, Upload};

/// First bytes of a Zstandard stream.
const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// A folder of this machine.
#[derive(Debug)]
pub(super) struct Folder(pub PathBuf);

impl Folder {
    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Storage for Folder {
    fn shown(&self, name: &str) -> String {
        match name {
            "" => self.0.display().to_string(),
            name => self.path(name).display().to_string(),
        }
    }

    fn list(&self) -> Result<Vec<String>, BackupError> {
        let failed = BackupError::io("list", &self.0);
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0).map_err(&failed)? {
            let entry = entry.map_err(&failed)?;
            if entry.path().is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        Ok(names)
    }

    fn read<'a>(&'a self, name: &str) -> Result<Box<dyn Read + 'a>, BackupError> {
        open(&self.path(name))
    }

    fn write<'a>(
        &'a self,
        name: &str,
        scratch: &Path,
    ) -> Result<Box<dyn Upload + 'a>, BackupError> {
        let place = self.path(name);
        replaceable(&place)?;
        let part = scratch.join("archive");
        let file = File::create(&part).map_err(BackupError::io("create", &part))?;
        Ok(Box::new(Part { file, part, place }))
    }

    fn remove(&self, name: &str) -> Result<(), BackupError> {
        let path = self.path(name);
        fs::remove_file(&path).map_err(BackupError::io("remove", &path))
    }

    fn disk(&self) -> Option<&Path> {
        Some(&self.0)
    }
}

/// An archive under a temporary name, on the disk of its place.
struct Part {
    file: File,
    part: PathBuf,
    place: PathBuf,
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Upload for Part {
    fn complete(&mut self) -> Result<(), BackupError> {
        self.file
            .sync_all()
            .map_err(BackupError::io("write", &self.place))
    }

    fn reread(&self) -> Result<Box<dyn Read + '_>, BackupError> {
        open(&self.part)
    }

    fn publish(self: Box<Self>) -> Result<(), BackupError> {
        fs::rename(&self.part, &self.place).map_err(BackupError::io("write", &self.place))?;
        sync_folder_of(&self.place)
    }

    fn discard(self: Box<Self>) {
        let _ = fs::remove_file(&self.part); // its folder is removed as well
    }
}

/// Syncs the folder of a path, which makes a rename durable.
pub(super) fn sync_folder_of(path: &Path) -> Result<(), BackupError> {
    let folder = path.parent().filter(|f| !f.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    if cfg!(unix) {
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(BackupError::io("sync", folder))?;
    }
    Ok(())
}

fn open(path: &Path) -> Result<Box<dyn Read + 'static>, BackupError> {
    let file = File::open(path).map_err(BackupError::io("read", path))?;
    Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
}

/// Checks that an archive may be written to a path: nothing is there, or an earlier archive. A client that may start a backup
/// must not be able to overwrite a model with it.
fn replaceable(place: &Path) -> Result<(), BackupError> {
    let is_archive = File::open(place).and_then(|mut file| {
        let mut magic = [0; MAGIC.len()];
        file.read_exact(&mut magic)?;
        file.seek(SeekFrom::End(-(LENGTH as i64)))?;
        let mut seal = Vec::new();
        file.read_to_end(&mut seal)?;
        Ok(magic == MAGIC && seal.get(8..22) == Some(b"titanic-backup"))
    });
    match is_archive {
        Ok(true) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        _ => Err(BackupError::Storage {
            place: place.display().to_string(),
            why:
                "something is there that is not an archive, and is not replaced; name another place"
                    .into(),
        }),
    }
}
