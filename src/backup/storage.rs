//! What a storage of archives can do: a local folder and a bucket are the two kinds.

use std::io::{Read, Write};
use std::path::Path;

use super::error::BackupError;

/// A folder of archives, on this machine or in a bucket.
pub(super) trait Storage {
    /// Address of a file in it, for people; of the folder itself if the name is empty.
    fn shown(&self, name: &str) -> String;

    /// Names of the files in it, in no particular order.
    fn list(&self) -> Result<Vec<String>, BackupError>;

    /// Reads a file. After an error, every further read fails as well.
    fn read<'a>(&'a self, name: &str) -> Result<Box<dyn Read + 'a>, BackupError>;

    /// Begins a file, which is visible under its name only once it is whole. `scratch` is a folder for temporary files.
    fn write<'a>(&'a self, name: &str, scratch: &Path)
    -> Result<Box<dyn Upload + 'a>, BackupError>;

    fn remove(&self, name: &str) -> Result<(), BackupError>;

    /// The folder in which temporary files belong; none if this storage has no disk.
    fn disk(&self) -> Option<&Path>;
}

/// A file that is being written.
pub(super) trait Upload: Write {
    /// Returns once every byte is stored for good.
    fn complete(&mut self) -> Result<(), BackupError>;

    /// Reads what was stored, after [`Upload::complete`].
    fn reread(&self) -> Result<Box<dyn Read + '_>, BackupError>;

    /// Gives the file its name.
    fn publish(self: Box<Self>) -> Result<(), BackupError>;

    /// Removes what was stored.
    fn discard(self: Box<Self>);
}
