//! Reading an object in ranges.

use std::io::{self, Read};

use object_store::ObjectStoreExt;
use object_store::path::Path as Key;

use super::client::{Bucket, PART};
use super::error::BucketError;

/// An object that is read in ranges.
pub struct Download<'b> {
    bucket: &'b Bucket,
    name: String,
    key: Key,
    size: u64,
    at: u64,
    piece: Vec<u8>,
    /// Bytes of the piece that were read already.
    read: usize,
    fault: Option<String>,
}

impl<'b> Download<'b> {
    pub(super) fn new(bucket: &'b Bucket, name: &str, key: Key, size: u64) -> Download<'b> {
        Download {
            bucket,
            name: name.to_owned(),
            key,
            size,
            at: 0,
            piece: Vec::new(),
            read: 0,
            fault: None,
        }
    }

    fn next(&mut self) -> Result<(), BucketError> {
        let end = self.size.min(self.at + PART as u64);
        let wanted = self.at..end;
        let range = self.bucket.store.get_range(&self.key, wanted.clone());
        let bytes = self.bucket.wait(&self.name, range)?;
        if bytes.len() as u64 != end - self.at {
            let why = format!(
                "{} bytes came where {} were requested, from byte {} on",
                bytes.len(),
                end - self.at,
                self.at
            );
            return Err(self.bucket.failed(&self.name, why));
        }
        self.piece = bytes.into();
        (self.read, self.at) = (0, end);
        Ok(())
    }
}

impl Read for Download<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if let Some(fault) = &self.fault {
            return Err(io::Error::other(fault.clone()));
        }
        if self.read == self.piece.len() && self.at < self.size {
            self.next().map_err(|error| {
                self.fault = Some(error.to_string());
                io::Error::other(error.to_string())
            })?;
        }
        let bytes = to.len().min(self.piece.len() - self.read);
        to[..bytes].copy_from_slice(&self.piece[self.read..][..bytes]);
        self.read += bytes;
        Ok(bytes)
    }
}
