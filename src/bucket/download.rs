//! Reading an object in ranges.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::TryStreamExt;
use object_store::GetOptions;
use object_store::path::Path as Key;

use super::client::Bucket;
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

    /// Everything, which `read` counts as it comes.
    pub(super) fn whole(mut self, read: &AtomicU64) -> Result<Vec<u8>, BucketError> {
        let mut bytes = Vec::new();
        while self.at < self.size {
            self.next(read)?;
            bytes.append(&mut self.piece);
        }
        Ok(bytes)
    }

    /// Fetches the next range, for as long as bytes come.
    fn next(&mut self, read: &AtomicU64) -> Result<(), BucketError> {
        let (bucket, name) = (self.bucket, &self.name);
        let end = self.size.min(self.at + bucket.limits.part as u64);
        let options = GetOptions::new().with_range(Some(self.at..end));
        let found = bucket.wait(name, bucket.store.get_opts(&self.key, options))?;
        let mut stream = found.into_stream();
        let mut piece = Vec::with_capacity((end - self.at) as usize);
        while let Some(bytes) = bucket.wait(name, async { stream.try_next().await })? {
            piece.extend_from_slice(&bytes);
            read.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            if piece.len() as u64 > end - self.at {
                break;
            }
        }
        if piece.len() as u64 != end - self.at {
            let why = format!(
                "{} bytes came where {} were requested, from byte {} on",
                piece.len(),
                end - self.at,
                self.at
            );
            return Err(bucket.failed(name, why));
        }
        self.piece = piece;
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
            self.next(&AtomicU64::new(0)).map_err(|error| {
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
