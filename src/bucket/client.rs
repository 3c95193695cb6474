//! The connection to a bucket: its address, its credentials, and the time limits of requests.

use std::ffi::OsString;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::path::Path as Key;
use object_store::{ClientOptions, ObjectStore, RetryConfig};
use tokio::runtime::Runtime;

use super::address::{Address, Cloud};
use super::error::BucketError;

/// How long a bucket may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// To accept a connection.
    pub connect: Duration,
    /// Without a byte of a response: an upload of one part, or a pause in a download.
    pub silence: Duration,
    /// For one request with all its retries.
    pub retries: Duration,
    /// Size of a part of an upload and of a range of a download. S3 takes up to 10,000 parts of 5 MiB and more.
    pub part: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connect: Duration::from_secs(5),
            silence: Duration::from_secs(60),
            retries: Duration::from_secs(120),
            part: 16 << 20, // archives up to 160 GB
        }
    }
}

/// A folder in a bucket.
pub struct Bucket {
    pub(super) address: Address,
    pub(super) store: Arc<dyn ObjectStore>,
    /// Runs the requests; there until the bucket is dropped.
    runtime: Option<Runtime>,
    pub(super) limits: Limits,
}

impl Bucket {
    /// Opens a folder in a bucket with the credentials of this process's environment.
    pub fn open(address: Address, limits: Limits) -> Result<Bucket, BucketError> {
        let text = |(name, value): (OsString, OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let environment: Vec<_> = std::env::vars_os().filter_map(text).collect();
        Bucket::with(address, limits, &environment)
    }

    pub(super) fn with(
        address: Address,
        limits: Limits,
        environment: &[(String, String)],
    ) -> Result<Bucket, BucketError> {
        // Another thread may have installed a provider first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let failed = |why: String| BucketError {
            place: format!("{}://{}", address.cloud.scheme(), address.bucket),
            why,
        };
        let client = ClientOptions::new()
            .with_connect_timeout(limits.connect)
            .with_timeout_disabled()
            .with_read_timeout(limits.silence);
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
                // Without TLS the system's certificates are not needed, so they are not loaded.
                let client = client
                    .with_allow_http(plain)
                    .with_no_system_certificates(plain);
                let built = builder
                    .with_client_options(client)
                    .with_retry(retry)
                    .build();
                Arc::new(built.map_err(|e| failed(reason(&e)))?)
            }
            Cloud::Google => {
                let builder = google(environment).with_bucket_name(&address.bucket);
                let url = builder.get_config_value(&GoogleConfigKey::BaseUrl);
                let plain = url.is_some_and(|url| url.starts_with("http://"));
                let client = client
                    .with_allow_http(plain)
                    .with_no_system_certificates(plain);
                let built = builder
                    .with_client_options(client)
                    .with_retry(retry)
                    .build();
                Arc::new(built.map_err(|e| failed(reason(&e)))?)
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| failed(e.to_string()))?;
        Ok(Bucket {
            address,
            store,
            runtime: Some(runtime),
            limits,
        })
    }

    pub(super) fn key(&self, name: &str) -> Result<Key, BucketError> {
        let joined = match &*self.address.prefix {
            "" => name.to_owned(),
            prefix => format!("{prefix}/{name}"),
        };
        Key::parse(joined).map_err(|e| self.failed(name, e.to_string()))
    }

    pub(super) fn failed(&self, name: &str, why: impl Into<String>) -> BucketError {
        BucketError {
            place: self.address.of(name),
            why: why.into(),
        }
    }

    /// Waits for a request and its retries, or for the next bytes of a response.
    pub(super) fn wait<T>(
        &self,
        name: &str,
        request: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T, BucketError> {
        // The library stops retrying at the limit, but an attempt that began before may go on.
        let limit = self.limits.retries + self.limits.silence;
        let runtime = self.runtime.as_ref();
        let runtime = runtime.expect("it is taken only when the bucket is dropped");
        let done = runtime.block_on(async { tokio::time::timeout(limit, request).await });
        match done {
            Ok(done) => done.map_err(|error| self.failed(name, reason(&error))),
            Err(_) => Err(self.failed(name, format!("no response within {}s", limit.as_secs()))),
        }
    }
}

impl Drop for Bucket {
    fn drop(&mut self) {
        // A runtime that is dropped on a thread of another one would panic.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
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
