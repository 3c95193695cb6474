//! Writing an object in parts.

use std::io::{self, Write};

use object_store::path::Path as Key;
use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};

use super::client::Bucket;
use super::download::Download;
use super::error::BucketError;

/// An upload in parts.
pub struct Parts<'b> {
    bucket: &'b Bucket,
    name: String,
    key: Key,
    upload: Box<dyn MultipartUpload>,
    piece: Vec<u8>,
    bytes: u64,
    /// Whether the upload was completed.
    is_object: bool,
}

impl<'b> Parts<'b> {
    pub(super) fn new(
        bucket: &'b Bucket,
        name: &str,
        key: Key,
        upload: Box<dyn MultipartUpload>,
    ) -> Parts<'b> {
        Parts {
            bucket,
            name: name.to_owned(),
            key,
            upload,
            piece: Vec::with_capacity(bucket.limits.part),
            bytes: 0,
            is_object: false,
        }
    }

    /// Adds bytes, and sends what is a full part.
    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<(), BucketError> {
        while !bytes.is_empty() {
            let taken = self.take(bytes)?;
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    /// Takes as many bytes as the part has room for.
    fn take(&mut self, bytes: &[u8]) -> Result<usize, BucketError> {
        let part = self.bucket.limits.part;
        let taken = bytes.len().min(part - self.piece.len());
        self.piece.extend_from_slice(&bytes[..taken]);
        self.bytes += taken as u64;
        if self.piece.len() == part {
            self.send()?;
        }
        Ok(taken)
    }

    fn send(&mut self) -> Result<(), BucketError> {
        let empty = Vec::with_capacity(self.bucket.limits.part);
        let piece = std::mem::replace(&mut self.piece, empty);
        let part = self.upload.put_part(PutPayload::from(piece));
        self.bucket.wait(&self.name, part)
    }
}

impl Write for Parts<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take(bytes)
            .map_err(|error| io::Error::other(error.to_string()))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // a part is sent when it is full: a smaller one is allowed only at the end
    }
}

impl Parts<'_> {
    /// Returns once every byte is stored for good, which makes the object visible.
    pub fn complete(&mut self) -> Result<(), BucketError> {
        if !self.piece.is_empty() {
            self.send()?;
        }
        self.bucket.wait(&self.name, self.upload.complete())?;
        self.is_object = true;
        let stored = self
            .bucket
            .wait(&self.name, self.bucket.store.head(&self.key))?;
        if stored.size != self.bytes {
            let why = format!(
                "the bucket has {} bytes of the {} that were sent",
                stored.size, self.bytes
            );
            return Err(self.bucket.failed(&self.name, why));
        }
        Ok(())
    }

    /// Reads what was stored, after [`Parts::complete`].
    pub fn reread(&self) -> Result<Download<'_>, BucketError> {
        self.bucket.read(&self.name)
    }

    /// Removes what was stored.
    pub fn discard(mut self) -> Result<(), BucketError> {
        if self.is_object {
            self.bucket.remove(&self.name)
        } else {
            self.bucket.wait(&self.name, self.upload.abort())
        }
    }
}
