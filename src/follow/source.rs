//! Where a follower gets its models.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Url};
use serde::Deserialize;

use super::champion::Champion;
use super::error::SourceError;
use super::files::Files;
use crate::publish::PublishError;
use crate::registry::{Standing, Version, digest};

/// Maximum time of a request, the transfer of a model file included.
const PATIENCE: Duration = Duration::from_secs(30);

/// Maximum time to connect.
const CONNECT: Duration = Duration::from_secs(3);

/// Where a follower gets its models. Clones share what is known of it.
#[derive(Clone, Debug)]
pub enum Source {
    /// Another server.
    Server(Server),
    /// A folder or bucket.
    Files(Files),
}

/// A server that is followed.
#[derive(Clone, Debug)]
pub struct Server {
    url: Url,
    token: Option<String>,
    client: Client,
}

/// The part of `GET /v1/models` that a follower reads.
#[derive(Deserialize)]
struct Models {
    champion: Option<Version>,
    seq: u64,
    epoch: String,
    models: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    model: Version,
    sha256: Option<String>,
}

/// The part of a problem document that is shown.
#[derive(Deserialize)]
struct Problem {
    detail: String,
}

impl Source {
    /// A source by its address or path. `token` is sent to a server.
    ///
    /// # Errors
    /// The text is neither; the message says what is allowed.
    pub fn new(text: &str, token: Option<String>) -> Result<Source, String> {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        if text.starts_with("unix:") {
            return Err(format!(
                "{text:?} cannot be followed: a Unix socket serves this machine alone; write the folder that the server publishes to (publish.to), or its http:// address"
            ));
        }
        if !matches!(scheme, Some("http" | "https")) {
            let wrong = "write the address of a server, such as http://writer:5000, a folder, s3://BUCKET/PREFIX or gs://BUCKET/PREFIX";
            let files = Files::open(text);
            return files.map(Source::Files).map_err(|error| match error {
                PublishError::Place { text, why } => {
                    format!("{text:?} cannot be followed: {why}; {wrong}")
                }
                error => error.to_string(),
            });
        }
        let url: Url = text
            .parse()
            .map_err(|fault| format!("{text:?} is no address: {fault}"))?;
        let _ = rustls::crypto::ring::default_provider().install_default(); // the first to install wins
        let mut client = Client::builder()
            .connect_timeout(CONNECT)
            .timeout(PATIENCE)
            .redirect(Policy::none()); // a redirected POST would become a GET
        if url.scheme() == "http" {
            // Without TLS the system's certificates are not needed, so they are not loaded.
            client = client.tls_certs_only([]);
        }
        let client = client
            .build()
            .map_err(|fault| format!("no client can be made: {}", cause(&fault)))?;
        Ok(Source::Server(Server { url, token, client }))
    }

    /// The address without its user and password, or the path.
    pub fn name(&self) -> String {
        match self {
            Source::Server(server) => server.name(),
            Source::Files(files) => files.name(),
        }
    }

    /// The source's champion.
    pub async fn champion(&self) -> Result<Champion, SourceError> {
        let none = || SourceError::NoChampion {
            source_name: self.name(),
        };
        match self {
            Source::Server(server) => {
                let models: Models = serde_json::from_slice(&server.get("v1/models").await?)
                    .map_err(|fault| SourceError::Other {
                        source_name: server.name(),
                        fault: fault.to_string(),
                    })?;
                let version = models.champion.ok_or_else(none)?;
                let listed = models
                    .models
                    .into_iter()
                    .find(|listed| listed.model == version);
                Ok(Champion {
                    standing: Standing {
                        seq: models.seq,
                        epoch: models.epoch,
                    },
                    sha256: listed.and_then(|listed| listed.sha256),
                    version,
                })
            }
            Source::Files(files) => files.champion().await?.ok_or_else(none),
        }
    }

    /// The bytes of a version, which have the digest that the source named.
    pub async fn file(&self, champion: &Champion) -> Result<Vec<u8>, SourceError> {
        let version = &champion.version;
        let bytes = match self {
            Source::Server(server) => server.get(&format!("v1/models/{version}/file")).await?,
            Source::Files(files) => files.file(champion).await?,
        };
        let found = digest(&bytes);
        match &champion.sha256 {
            Some(expected) if *expected != found => Err(SourceError::Damaged {
                version: version.clone(),
                found,
                expected: expected.clone(),
            }),
            _ => Ok(bytes),
        }
    }
}

impl Server {
    pub fn name(&self) -> String {
        let mut url = self.url.clone();
        let _ = url.set_username(""); // an HTTP address can have one
        let _ = url.set_password(None);
        url.to_string().trim_end_matches('/').to_owned()
    }

    async fn get(&self, path: &str) -> Result<Vec<u8>, SourceError> {
        self.send(|client, url| client.get(url), path).await
    }

    /// Sends a JSON document by POST.
    pub async fn post(&self, path: &str, body: String) -> Result<Vec<u8>, SourceError> {
        let request = |client: &Client, url: String| {
            client
                .post(url)
                .header("content-type", "application/json")
                .body(body)
        };
        self.send(request, path).await
    }

    async fn send(
        &self,
        request: impl FnOnce(&Client, String) -> RequestBuilder,
        path: &str,
    ) -> Result<Vec<u8>, SourceError> {
        let url = format!("{}/{path}", self.url.as_str().trim_end_matches('/'));
        let mut request = request(&self.client, url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let unreachable = |fault: reqwest::Error| SourceError::Unreachable {
            source_name: self.name(),
            fault: innermost(&fault.without_url()),
        };
        let answer = request.send().await.map_err(unreachable)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(unreachable)?;
        if status.is_success() {
            return Ok(body.into());
        }
        let problem = serde_json::from_slice::<Problem>(&body);
        Err(SourceError::Refused {
            source_name: self.name(),
            status,
            detail: problem.map_or_else(|_| "no problem document".into(), |problem| problem.detail),
        })
    }
}

/// The text of the last error in a chain, which says most.
fn innermost(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), innermost)
}

/// Text of the innermost cause, which is the specific one.
fn cause(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.last().map_or_else(String::new, ToString::to_string)
}
