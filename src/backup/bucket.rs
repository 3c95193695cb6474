//! Archives in a bucket of S3 or of Google Cloud Storage.
//!
//! Credentials, region and endpoint come from the environment, under the names that the tools of either cloud use. An upload in
//! parts becomes an object only when it is completed. Every request has a time limit; downloads are read in ranges, so that a
//! bucket that hangs or returns less than it announces is an error within that limit.

use std::ffi::OsString;
use std::future::Future;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path as Key;
use object_store::{
    ClientOptions, MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig,
};
use tokio::runtime::Runtime;

use super::error::BackupError;
use super::storage::{Storage, Upload};

/// Size of a part of an upload and of a range of a download. S3 takes up to 10,000 parts: archives up to 160 GB.
const PART: usize = 16 << 20;

/// The cloud of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cloud {
    S3,
    Google,
}

impl Cloud {
    pub(super) const ALL: [Cloud; 2] = [Cloud::S3, Cloud::Google];

    pub(super) fn scheme(self) -> &'static str {
        match self {
            Cloud::S3 => "s3",
            Cloud::Google => "gs",
        }
    }
}

/// The address of a folder in a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub cloud: Cloud,
    pub bucket: String,
    /// Without a slash at either end.
    pub prefix: String,
}

/// How long a bucket may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// To accept a connection.
    pub connect: Duration,
    /// For one request, of at most 16 MiB.
    pub request: Duration,
    /// For one request with all its retries.
    pub retries: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connect: Duration::from_secs(5),
            request: Duration::from_secs(60),
            retries: Duration::from_secs(120),
        }
    }
}

/// A folder in a bucket.
pub(super) struct Bucket {
    address: Address,
    store: Arc<dyn ObjectStore>,
    runtime: Runtime,
    limits: Limits,
}

impl Bucket {
    /// Opens a folder in a bucket with the credentials of this process's environment.
    pub(super) fn open(address: Address, limits: Limits) -> Result<Bucket, BackupError> {
        let text = |(name, value): (OsString, OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let environment: Vec<_> = std::env::vars_os().filter_map(text).collect();
        Bucket::with(address, limits, &environment)
    }

    fn with(
        address: Address,
        limits: Limits,
        environment: &[(String, String)],
    ) -> Result<Bucket, BackupError> {
        // Another thread may have installed a provider first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let failed = |why: String| BackupError::Storage {
            place: format!("{}://{}", address.cloud.scheme(), address.bucket),
            why,
        };
        let client = ClientOptions::new()
            .with_connect_timeout(limits.connect)
            .with_timeout(limits.request);
        let retry = RetryConfig {
            max_retries: 3,
            retry_timeout: limits.retries,
            ..RetryConfig::default()
        };
        let store: Arc<dyn ObjectStore> = match address.cloud {
            Cloud::S3 => {
                let builder = s3(environment).with_bucket_name(&address.bucket);
                let endpoint = [AmazonS3ConfigKey::S3Endpoint, AmazonS3ConfigKey::Endpoint];
                let mut endpoint = endpoint.iter().filter_map(|k| builder.get_config_value(k));
                // Whoever names an endpoint without TLS means it.
                let plain = endpoint
                    .next()
                    .is_some_and(|url| url.starts_with("http://"));
                let client = client.with_allow_http(plain);
                let built = builder
                    .with_client_options(client)
                    .with_retry(retry)
                    .build();
                Arc::new(built.map_err(|e| failed(e.to_string()))?)
            }
            Cloud::Google => {
                let builder = google(environment).with_bucket_name(&address.bucket);
                let built = builder
                    .with_client_options(client)
                    .with_retry(retry)
                    .build();
                Arc::new(built.map_err(|e| failed(e.to_string()))?)
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| failed(e.to_string()))?;
        Ok(Bucket {
            address,
            store,
            runtime,
            limits,
        })
    }

    fn key(&self, name: &str) -> Result<Key, BackupError> {
        let joined = match &*self.address.prefix {
            "" => name.to_owned(),
            prefix => format!("{prefix}/{name}"),
        };
        Key::parse(joined).map_err(|e| self.failed(name, e.to_string()))
    }

    fn failed(&self, name: &str, why: impl Into<String>) -> BackupError {
        BackupError::Storage {
            place: self.shown(name),
            why: why.into(),
        }
    }

    /// Waits for a request and its retries.
    fn wait<T>(
        &self,
        name: &str,
        request: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T, BackupError> {
        // The library stops retrying at the limit, but an attempt that began before may go on.
        let limit = self.limits.retries + self.limits.request;
        let done = self
            .runtime
            .block_on(async { tokio::time::timeout(limit, request).await });
        match done {
            Ok(done) => done.map_err(|error| self.failed(name, reason(&error))),
            Err(_) => Err(self.failed(name, format!("no response within {}s", limit.as_secs()))),
        }
    }
}

/// The settings of S3 among the variables: those that the tools of AWS read.
fn s3(environment: &[(String, String)]) -> AmazonS3Builder {
    let mut builder = AmazonS3Builder::new();
    for (name, value) in environment.iter().filter(|(n, _)| n.starts_with("AWS_")) {
        if let Ok(key) = name.to_ascii_lowercase().parse() {
            builder = builder.with_config(key, value);
        }
    }
    builder
}

/// The settings of Google Cloud Storage among the variables.
fn google(environment: &[(String, String)]) -> GoogleCloudStorageBuilder {
    let mut builder = GoogleCloudStorageBuilder::new();
    for (name, value) in environment.iter().filter(|(n, _)| n.starts_with("GOOGLE_")) {
        if let Ok(key) = name.to_ascii_lowercase().parse() {
            builder = builder.with_config(key, value);
        }
    }
    builder
}

/// An error with its causes, each once.
fn reason(error: &object_store::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

impl Storage for Bucket {
    fn shown(&self, name: &str) -> String {
        let Address {
            cloud,
            bucket,
            prefix,
        } = &self.address;
        let parts = [prefix.as_str(), name];
        let path: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        format!("{}://{bucket}/{}", cloud.scheme(), path.join("/"))
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
        Ok(Box::new(Download {
            bucket: self,
            name: name.to_owned(),
            key,
            size: facts.size,
            at: 0,
            piece: Vec::new(),
            read: 0,
            fault: None,
        }))
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
        Ok(Box::new(Parts {
            bucket: self,
            name: name.to_owned(),
            key,
            upload,
            piece: Vec::with_capacity(PART),
            bytes: 0,
            is_object: false,
        }))
    }

    fn remove(&self, name: &str) -> Result<(), BackupError> {
        let key = self.key(name)?;
        self.wait(name, self.store.delete(&key))
    }

    fn disk(&self) -> Option<&Path> {
        None
    }
}

/// An object that is read in ranges.
struct Download<'b> {
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

impl Download<'_> {
    fn next(&mut self) -> Result<(), BackupError> {
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

/// An upload in parts.
struct Parts<'b> {
    bucket: &'b Bucket,
    name: String,
    key: Key,
    upload: Box<dyn MultipartUpload>,
    piece: Vec<u8>,
    bytes: u64,
    /// Whether the upload was completed.
    is_object: bool,
}

impl Parts<'_> {
    fn send(&mut self) -> Result<(), BackupError> {
        let piece = std::mem::replace(&mut self.piece, Vec::with_capacity(PART));
        let part = self.upload.put_part(PutPayload::from(piece));
        self.bucket.wait(&self.name, part)
    }
}

impl Write for Parts<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PART - self.piece.len());
        self.piece.extend_from_slice(&bytes[..taken]);
        self.bytes += taken as u64;
        if self.piece.len() == PART {
            self.send().map_err(|e| io::Error::other(e.to_string()))?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // a part is sent when it is full: a smaller one is allowed only at the end
    }
}

impl Upload for Parts<'_> {
    fn complete(&mut self) -> Result<(), BackupError> {
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

    fn reread(&self) -> Result<Box<dyn Read + '_>, BackupError> {
        self.bucket.read(&self.name)
    }

    fn publish(self: Box<Self>) -> Result<(), BackupError> {
        Ok(()) // completing it made it visible
    }

    fn discard(mut self: Box<Self>) {
        let removed = if self.is_object {
            self.bucket.remove(&self.name)
        } else {
            self.bucket.wait(&self.name, self.upload.abort())
        };
        if let Err(error) = removed {
            tracing::warn!(%error, "backup: cannot remove a failed upload; a lifecycle rule of the bucket should");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::net::{TcpListener, TcpStream};
    use std::time::Instant;

    use super::*;

    /// What a bucket responds to a request; none: nothing at all.
    type Respond = fn(&str) -> Option<String>;

    /// A bucket behind a server of the test, with an archive `a` of 1,000 bytes as far as it says.
    fn bucket(respond: Respond) -> Bucket {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        // The thread ends with the process.
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming().flatten() {
                silent.extend(serve(stream, respond));
            }
        });
        let environment = [
            ("AWS_ENDPOINT_URL", url.as_str()),
            ("AWS_ACCESS_KEY_ID", "a-key"),
            ("AWS_SECRET_ACCESS_KEY", "hush"),
        ];
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let address = Address {
            cloud: Cloud::S3,
            bucket: "shop".into(),
            prefix: "backups".into(),
        };
        let limits = Limits {
            connect: Duration::from_millis(200),
            request: Duration::from_millis(200),
            retries: Duration::from_millis(500),
        };
        Bucket::with(address, limits, &environment.map(owned)).unwrap()
    }

    /// Responds to one request; returns a connection that is left open in silence.
    fn serve(mut stream: TcpStream, respond: Respond) -> Option<TcpStream> {
        let mut head = String::new();
        let mut lines = BufReader::new(stream.try_clone().unwrap());
        while lines.read_line(&mut head).unwrap_or(0) > 2 {}
        match respond(&head) {
            Some(response) => {
                let _ = stream.write_all(response.as_bytes());
                None
            }
            None => Some(stream),
        }
    }

    fn response(status: &str, length: usize, body: &str) -> Option<String> {
        Some(format!(
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\
             Last-Modified: Sat, 31 Jan 2026 09:15:00 GMT\r\nETag: \"e\"\r\n\r\n{body}"
        ))
    }

    fn denied(_: &str) -> Option<String> {
        let body = "<Error><Code>AccessDenied</Code><Message>not yours</Message></Error>";
        response("403 Forbidden", body.len(), body)
    }

    /// Everything that is done with a bucket, and its error.
    fn errors(bucket: &Bucket) -> Vec<String> {
        let folder = Path::new("");
        vec![
            bucket.list().unwrap_err().to_string(),
            bucket.read("a").err().unwrap().to_string(),
            bucket.write("a", folder).err().unwrap().to_string(),
            bucket.remove("a").unwrap_err().to_string(),
        ]
    }

    #[test]
    fn a_bucket_that_refuses_is_named_and_no_secret_is() {
        for error in errors(&bucket(denied)) {
            assert!(error.starts_with("s3://shop/backups"), "{error}");
            assert!(error.contains("403"), "{error}");
            assert!(!error.contains("hush"), "{error}");
        }
    }

    #[test]
    fn a_bucket_that_hangs_is_an_error_within_its_limits() {
        let begun = Instant::now();
        let errors = errors(&bucket(|_| None));
        assert!(begun.elapsed() < Duration::from_secs(10));
        for error in errors {
            assert!(error.starts_with("s3://shop/backups"), "{error}");
        }
    }

    #[test]
    fn half_an_object_is_an_error_that_says_so() {
        // It closes the connection in the middle, or says that it returns less than was requested.
        let cut: Respond = |head| match head.starts_with("HEAD") {
            true => response("200 OK", 1000, ""),
            false => Some(
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-999/1000\r\n\
                 Content-Length: 1000\r\nLast-Modified: Sat, 31 Jan 2026 09:15:00 GMT\r\n\
                 ETag: \"e\"\r\n\r\nhalf"
                    .into(),
            ),
        };
        let less: Respond = |head| match head.starts_with("HEAD") {
            true => response("200 OK", 1000, ""),
            false => Some(
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-999/1000\r\n\
                 Content-Length: 4\r\nConnection: close\r\n\
                 Last-Modified: Sat, 31 Jan 2026 09:15:00 GMT\r\nETag: \"e\"\r\n\r\nhalf"
                    .into(),
            ),
        };
        for respond in [cut, less] {
            let bucket = bucket(respond);
            let mut download = bucket.read("a").unwrap();
            let mut bytes = Vec::new();
            let error = download.read_to_end(&mut bytes).unwrap_err().to_string();
            assert!(error.starts_with("s3://shop/backups/a: "), "{error}");
            assert!(bytes.is_empty());
            let again = download.read(&mut [0; 8]).unwrap_err().to_string();
            assert_eq!(again, error, "it does not go on as if nothing had been");
        }
    }
}
