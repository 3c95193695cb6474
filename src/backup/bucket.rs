//! Archives in a bucket.

use std::io::Read;
use std::path::Path;

use super::error::BackupError;
use super::storage::{Storage, Upload};
use crate::bucket::{Bucket, BucketError, Parts};

impl From<BucketError> for BackupError {
    fn from(BucketError { place, why }: BucketError) -> BackupError {
        BackupError::Storage { place, why }
    }
}

impl Storage for Bucket {
    fn shown(&self, name: &str) -> String {
        Bucket::shown(self, name)
    }

    fn list(&self) -> Result<Vec<String>, BackupError> {
        Ok(Bucket::list(self)?)
    }

    fn read<'a>(&'a self, name: &str) -> Result<Box<dyn Read + 'a>, BackupError> {
        Ok(Box::new(Bucket::read(self, name)?))
    }

    fn write<'a>(&'a self, name: &str, _: &Path) -> Result<Box<dyn Upload + 'a>, BackupError> {
        Ok(Box::new(Bucket::write(self, name)?))
    }

    fn remove(&self, name: &str) -> Result<(), BackupError> {
        Ok(Bucket::remove(self, name)?)
    }

    fn disk(&self) -> Option<&Path> {
        None
    }
}

impl Upload for Parts<'_> {
    fn complete(&mut self) -> Result<(), BackupError> {
        Ok(Parts::complete(self)?)
    }

    fn reread(&self) -> Result<Box<dyn Read + '_>, BackupError> {
        Ok(Box::new(Parts::reread(self)?))
    }

    fn publish(self: Box<Self>) -> Result<(), BackupError> {
        Ok(()) // completing it made it visible
    }

    fn discard(self: Box<Self>) {
        if let Err(error) = Parts::discard(*self) {
            tracing::warn!(%error, "backup: cannot remove a failed upload; a lifecycle rule of the bucket should");
        }
    }
}
