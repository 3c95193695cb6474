//! Where a follower gets its models.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, Url};
use serde::Deserialize;

use super::champion::Champion;
use super::error::SourceError;
use super::files::Files;
use crate::publish::{LARGEST_MODEL, PublishError};
use crate::registry::{Standing, Version, digest};
use crate::units::Size;

const PATIENCE: Patience = Patience {
    connect: Duration::from_secs(3),
    silence: Duration::from_secs(30),
    document: Duration::from_secs(30),
};

/// Maximum size of `GET /v1/models`: of 30,000 versions at 2 KiB each.
const LARGEST_LIST: u64 = 64 << 20;

/// Maximum size of the response to predictions, which holds two numbers, and of a problem.
const LARGEST_ANSWER: u64 = 64 << 10;

/// Maximum length of the text of a problem, in characters: it becomes a line of the log.
const LONGEST_DETAIL: usize = 500;

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
    patience: Patience,
}

/// How long a server may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// To accept a connection.
    pub connect: Duration,
    /// Within a response. A model file takes as long as it comes.
    pub silence: Duration,
    /// For a document, which is short.
    pub document: Duration,
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
    bytes: Option<u64>,
}

/// What may come in a response.
struct Expected {
    /// What it is, for people.
    what: &'static str,
    /// Maximum size.
    bytes: u64,
    /// Whether it is a document, whose whole time is limited.
    is_document: bool,
}

/// A response.
struct Answer {
    body: Vec<u8>,
    /// The entity tag without its quotes.
    tag: Option<String>,
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
        Ok(Source::Server(Server::new(url, token, PATIENCE)?))
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
                let models: Models =
                    serde_json::from_slice(&server.models().await?).map_err(|fault| {
                        SourceError::Other {
                            source_name: server.name(),
                            fault: fault.to_string(),
                        }
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
                    bytes: listed.as_ref().and_then(|listed| listed.bytes),
                    sha256: listed.and_then(|listed| listed.sha256),
                    version,
                })
            }
            Source::Files(files) => files.champion().await?.ok_or_else(none),
        }
    }

    /// The bytes of a version, which have the digest that the source named. A server that follows another one itself names
    /// none in its list, and one in the entity tag of the file.
    pub async fn file(&self, champion: &Champion) -> Result<Vec<u8>, SourceError> {
        let version = &champion.version;
        let (bytes, expected) = match self {
            Source::Server(server) => {
                let answer = server.file(champion).await?;
                let named = champion
                    .sha256
                    .clone()
                    .or(answer.tag)
                    .filter(|digest| is_digest(digest));
                let unchecked = || SourceError::Unchecked {
                    source_name: server.name(),
                    version: version.clone(),
                };
                (answer.body, Some(named.ok_or_else(unchecked)?))
            }
            // A model file of a folder without a ledger is checked by the checksum that it holds.
            Source::Files(files) => (files.file(champion).await?, champion.sha256.clone()),
        };
        let found = digest(&bytes);
        match expected {
            Some(expected) if expected != found => Err(SourceError::Damaged {
                version: version.clone(),
                found,
                expected,
            }),
            _ => Ok(bytes),
        }
    }
}

impl Server {
    pub(super) fn new(
        url: Url,
        token: Option<String>,
        patience: Patience,
    ) -> Result<Server, String> {
        let _ = rustls::crypto::ring::default_provider().install_default(); // the first to install wins
        let mut client = Client::builder()
            .connect_timeout(patience.connect)
            .read_timeout(patience.silence)
            .redirect(Policy::none()); // a redirected POST would become a GET
        if url.scheme() == "http" {
            // Without TLS the system's certificates are not needed, so they are not loaded.
            client = client.tls_certs_only([]);
        }
        let client = client
            .build()
            .map_err(|fault| format!("no client can be made: {}", cause(&fault)))?;
        Ok(Server {
            url,
            token,
            client,
            patience,
        })
    }

    pub fn name(&self) -> String {
        let mut url = self.url.clone();
        let _ = url.set_username(""); // an HTTP address can have one
        let _ = url.set_password(None);
        url.to_string().trim_end_matches('/').to_owned()
    }

    async fn models(&self) -> Result<Vec<u8>, SourceError> {
        let expected = Expected {
            what: "its list of models",
            bytes: LARGEST_LIST,
            is_document: true,
        };
        let answer = self.send(|client, url| client.get(url), "v1/models", expected);
        Ok(answer.await?.body)
    }

    async fn file(&self, champion: &Champion) -> Result<Answer, SourceError> {
        let expected = Expected {
            what: "the model file",
            bytes: champion.bytes.unwrap_or(LARGEST_MODEL).min(LARGEST_MODEL),
            is_document: false,
        };
        let path = format!("v1/models/{}/file", champion.version);
        self.send(|client, url| client.get(url), &path, expected)
            .await
    }

    /// Sends a JSON document by POST.
    pub async fn post(&self, path: &str, body: String) -> Result<Vec<u8>, SourceError> {
        let request = |client: &Client, url: String| {
            client
                .post(url)
                .header("content-type", "application/json")
                .body(body)
        };
        let expected = Expected {
            what: "its response to predictions",
            bytes: LARGEST_ANSWER,
            is_document: true,
        };
        Ok(self.send(request, path, expected).await?.body)
    }

    async fn send(
        &self,
        request: impl FnOnce(&Client, String) -> RequestBuilder,
        path: &str,
        expected: Expected,
    ) -> Result<Answer, SourceError> {
        let url = format!("{}/{path}", self.url.as_str().trim_end_matches('/'));
        let mut request = request(&self.client, url);
        if expected.is_document {
            request = request.timeout(self.patience.document);
        }
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.map_err(|e| self.unreachable(e))?;
        let status = answer.status();
        if !status.is_success() {
            // What an error says beyond its status is a courtesy.
            let body = self.body(answer, "a problem", LARGEST_ANSWER).await;
            let problem = body.ok().and_then(|b| serde_json::from_slice(&b).ok());
            let detail = problem.map(|problem: Problem| problem.detail);
            return Err(SourceError::Refused {
                source_name: self.name(),
                status,
                detail: detail.map_or_else(
                    || "no problem document".into(),
                    |detail| detail.chars().take(LONGEST_DETAIL).collect(),
                ),
            });
        }
        let tag = answer
            .headers()
            .get("etag")
            .and_then(|tag| tag.to_str().ok());
        let tag = tag.map(|tag| tag.trim_matches('"').to_owned());
        let body = self.body(answer, expected.what, expected.bytes).await?;
        Ok(Answer { body, tag })
    }

    /// Reads a body of at most `most` bytes.
    async fn body(
        &self,
        mut answer: Response,
        what: &'static str,
        most: u64,
    ) -> Result<Vec<u8>, SourceError> {
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| self.unreachable(e))? {
            if (body.len() + chunk.len()) as u64 > most {
                return Err(SourceError::TooLarge {
                    source_name: self.name(),
                    what,
                    most: Size(most),
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn unreachable(&self, fault: reqwest::Error) -> SourceError {
        SourceError::Unreachable {
            source_name: self.name(),
            fault: innermost(&fault.without_url()),
        }
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
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
