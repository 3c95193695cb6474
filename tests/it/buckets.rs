//! Buckets of a server that `.ci/buckets` starts.
//!
//! It has the interface of S3. That of Google Cloud Storage is the same in its XML form, which the client uses: paths, lists,
//! uploads in parts. What differs, and is not shown here, are Google's own credentials.

use std::process::Command;

use reqwest::Method;

use crate::server::client;

/// A token for Google, as which the server reads a region. It is fixed, so that the client asks no metadata server for one.
const TOKEN: &str = "Credential=a-key/20260101/us-east-1/s3/aws4_request";

/// The cloud by whose address and settings a bucket is used.
#[derive(Clone, Copy)]
pub enum Cloud {
    S3,
    Google,
}

/// A bucket of the server.
pub struct TestBucket {
    pub cloud: Cloud,
    pub name: String,
    /// URL of the server.
    pub endpoint: String,
}

impl TestBucket {
    /// Creates a bucket whose name begins so.
    pub async fn create(cloud: Cloud, name: &str) -> TestBucket {
        let endpoint = std::env::var("S3_TEST_URL").expect("source .ci/buckets sets it");
        // Letters and digits alone: the client for Google encodes all else, which the server does not decode.
        let name = format!("{name}{}{}", cloud.scheme(), std::process::id());
        let bucket = TestBucket {
            cloud,
            name,
            endpoint,
        };
        let created = client().request(Method::PUT, bucket.url()).send().await;
        assert!(created.unwrap().status().is_success());
        bucket
    }

    /// Where the server has it.
    pub fn url(&self) -> String {
        format!("{}/{}", self.endpoint, self.name)
    }

    /// The address of a folder in it, as settings and commands have it.
    pub fn place(&self, folder: &str) -> String {
        format!("{}://{}/{folder}", self.cloud.scheme(), self.name)
    }
}

impl Cloud {
    fn scheme(self) -> &'static str {
        match self {
            Cloud::S3 => "s3",
            Cloud::Google => "gs",
        }
    }

    /// Gives a command the credentials of a server at `url`.
    pub fn give(self, command: &mut Command, url: &str) {
        match self {
            Cloud::S3 => command
                .env("AWS_ENDPOINT_URL", url)
                .env("AWS_ACCESS_KEY_ID", "a-key")
                .env("AWS_SECRET_ACCESS_KEY", "hush"),
            Cloud::Google => command
                .env("GOOGLE_BASE_URL", url)
                .env("GOOGLE_BEARER_TOKEN", TOKEN),
        };
    }
}
