//! What is done with the objects of a folder.

use std::sync::atomic::AtomicU64;

use object_store::path::Path as Key;
use object_store::{GetOptions, ObjectStoreExt, PutPayload};

use super::client::Bucket;
use super::download::Download;
use super::error::BucketError;
use super::upload::Parts;

/// An object that may not have changed since it was read before.
#[derive(Debug)]
pub enum Fetched {
    Missing,
    /// It is the one with the given tag.
    Same,
    /// It is larger than the caller takes.
    TooLarge,
    Read {
        bytes: Vec<u8>,
        /// Differs for other bytes; none if the bucket gives none.
        tag: Option<String>,
    },
}

impl Bucket {
    /// Address of an object in the folder, for people; of the folder itself if the name is empty.
    pub fn shown(&self, name: &str) -> String {
        self.address.of(name)
    }

    /// Names of the objects in the folder, in no particular order.
    pub fn list(&self) -> Result<Vec<String>, BucketError> {
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

    /// Reads an object in ranges.
    pub fn read(&self, name: &str) -> Result<Download<'_>, BucketError> {
        let key = self.key(name)?;
        let facts = self.wait(name, self.store.head(&key))?;
        Ok(Download::new(self, name, key, facts.size))
    }

    /// Reads an object of at most `most` bytes at once, unless it still has `tag`.
    pub fn fetch(&self, name: &str, tag: Option<&str>, most: u64) -> Result<Fetched, BucketError> {
        let key = self.key(name)?;
        let options = GetOptions::new().with_if_none_match(tag);
        self.wait(name, async {
            let found = match self.store.get_opts(&key, options).await {
                Ok(found) => found,
                Err(object_store::Error::NotFound { .. }) => return Ok(Fetched::Missing),
                Err(object_store::Error::NotModified { .. }) => return Ok(Fetched::Same),
                Err(error) => return Err(error),
            };
            if found.meta.size > most {
                return Ok(Fetched::TooLarge);
            }
            let tag = found.meta.e_tag.clone();
            let bytes = found.bytes().await?.into();
            Ok(Fetched::Read { bytes, tag })
        })
    }

    /// Reads an object of at most `most` bytes in ranges, for as long as bytes come, which `read` counts.
    pub fn whole(&self, name: &str, most: u64, read: &AtomicU64) -> Result<Fetched, BucketError> {
        let Some(size) = self.size(name)? else {
            return Ok(Fetched::Missing);
        };
        if size > most {
            return Ok(Fetched::TooLarge);
        }
        let download = Download::new(self, name, self.key(name)?, size);
        let bytes = download.whole(read)?;
        Ok(Fetched::Read { bytes, tag: None })
    }

    /// Writes an object, and replaces the one that is there: in one request, or a large one in parts, each of which has the
    /// time of a request.
    pub fn put(&self, name: &str, bytes: &[u8]) -> Result<(), BucketError> {
        let key = self.key(name)?;
        if bytes.len() <= self.limits.part {
            let put = self.store.put(&key, PutPayload::from(bytes.to_vec()));
            return self.wait(name, put).map(drop);
        }
        let upload = self.wait(name, self.store.put_multipart(&key))?;
        let mut parts = Parts::new(self, name, key, upload);
        let done = parts.push(bytes).and_then(|()| parts.complete());
        if done.is_err() {
            let _ = parts.discard(); // the bucket may not answer at all
        }
        done
    }

    /// Begins an upload in parts.
    ///
    /// # Errors
    /// There is an object already.
    pub fn write(&self, name: &str) -> Result<Parts<'_>, BucketError> {
        let key = self.key(name)?;
        if self.size(name)?.is_some() {
            let why = "an object is there already, and is not replaced; name another";
            return Err(self.failed(name, why));
        }
        let upload = self.wait(name, self.store.put_multipart(&key))?;
        Ok(Parts::new(self, name, key, upload))
    }

    /// Size of an object; `None` if there is none of this name.
    pub fn size(&self, name: &str) -> Result<Option<u64>, BucketError> {
        let key = self.key(name)?;
        self.wait(name, async {
            match self.store.head(&key).await {
                Ok(facts) => Ok(Some(facts.size)),
                Err(object_store::Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    pub fn remove(&self, name: &str) -> Result<(), BucketError> {
        let key = self.key(name)?;
        self.wait(name, self.store.delete(&key))
    }
}
