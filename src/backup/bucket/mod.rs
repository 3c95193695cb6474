//! Archives in a bucket of S3 or of Google Cloud Storage.
//!
//! Credentials, region and endpoint come from the environment, under the names that the tools of either cloud use. An upload in
//! parts becomes an object only when it is completed. Every request has a time limit; downloads are read in ranges, so that a
//! bucket that hangs or returns less than it announces is an error within that limit.

mod client;
mod download;
#[cfg(test)]
mod tests;
mod upload;

use std::io::Read;
use std::path::Path;

use object_store::ObjectStoreExt;
use object_store::path::Path as Key;

use super::error::BackupError;
use super::storage::{Storage, Upload};
pub use client::Limits;
pub(super) use client::{Address, Bucket, Cloud};
use download::Download;
use upload::Parts;

impl Storage for Bucket {
    fn shown(&self, name: &str) -> String {
        self.address.of(name)
    }

    fn list(&self) -> Result<Vec<String>, BackupError> {
        let prefix = match &*self.address.prefix {
            "" => None,
            prefix => Some(Key::parse(prefix).map_err(|e| self.failed("", e.to_string()))?),
        };
        let listed = self.store.list_with_delimiter(prefix.as_ref());
        let listed = self.wait("", listed)?;
        let names = listed.objects.into_iter();
        Ok(names
            .filter_map(|object| object.location.filename().map(str::to_owned))
            .collect())
    }

    fn read<'a>(&'a self, name: &str) -> Result<Box<dyn Read + 'a>, BackupError> {
        let key = self.key(name)?;
        let facts = self.wait(name, self.store.head(&key))?;
        Ok(Box::new(Download::new(self, name, key, facts.size)))
    }

    fn write<'a>(&'a self, name: &str, _: &Path) -> Result<Box<dyn Upload + 'a>, BackupError> {
        let key = self.key(name)?;
        let is_there = self.wait(name, async {
            match self.store.head(&key).await {
                Ok(_) => Ok(true),
                Err(object_store::Error::NotFound { .. }) => Ok(false),
                Err(error) => Err(error),
            }
        });
        if is_there? {
            let why = "an object is there already, and is not replaced; name another";
            return Err(self.failed(name, why));
        }
        let upload = self.wait(name, self.store.put_multipart(&key))?;
        Ok(Box::new(Parts::new(self, name, key, upload)))
    }

    fn remove(&self, name: &str) -> Result<(), BackupError> {
        let key = self.key(name)?;
        self.wait(name, self.store.delete(&key))
    }

    fn disk(&self) -> Option<&Path> {
        None
    }
}
