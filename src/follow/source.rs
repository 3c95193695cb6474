//! Where a follower gets its models.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, StatusCode, Url};
use serde::Deserialize;

use crate::registry::{Registry, RegistryError, Standing, Version, digest};

/// Maximum time of a request, the transfer of a model file included.
const PATIENCE: Duration = Duration::from_secs(30);

/// Maximum time to connect.
const CONNECT: Duration = Duration::from_secs(3);

/// Another server, or a folder that a server's registry is in or copied to.
#[derive(Clone, Debug)]
pub enum Source {
    Server(Server),
    Folder(PathBuf),
}

/// A server that is followed.
#[derive(Clone, Debug)]
pub struct Server {
    url: Url,
    token: Option<String>,
    client: Client,
}

/// Why a source cannot be followed just now.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error("{source_name} cannot be reached: {fault}")]
    Unreachable { source_name: String, fault: String },
    #[error("{source_name} answers {status}: {detail}")]
    Refused {
        source_name: String,
        status: StatusCode,
        detail: String,
    },
    #[error("{source_name} does not answer as a titanic-platform server would: {fault}")]
    Other { source_name: String, fault: String },
    #[error("{source_name} has no champion")]
    NoChampion { source_name: String },
    #[error("the file of {version} has SHA-256 {found}, not {expected} as the source says")]
    Damaged {
        version: Version,
        found: String,
        expected: String,
    },
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// The champion of a source and the position of its ledger.
#[derive(Debug, PartialEq, Eq)]
pub struct Champion {
    pub standing: Standing,
    pub version: Version,
    /// SHA-256 of the version's file.
    pub sha256: Option<String>,
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
        if !text.contains("://") {
            return Ok(Source::Folder(text.into()));
        }
        let url: Url = text
            .parse()
            .map_err(|fault| format!("{text:?} is no address: {fault}"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(format!(
                "{text:?} cannot be followed; write the address of a server, such as http://writer:5000, or the path of a folder"
            ));
        }
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
            Source::Folder(path) => path.display().to_string(),
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
            Source::Folder(path) => {
                let (path, none) = (path.clone(), none());
                blocking(move || {
                    let registry = registry(&path)?;
                    let version = registry.champion()?.ok_or(none)?;
                    let versions = registry.versions()?;
                    let listed = versions
                        .into_iter()
                        .find(|listed| listed.version == version);
                    Ok(Champion {
                        standing: registry.standing()?,
                        sha256: listed.and_then(|listed| listed.sha256),
                        version,
                    })
                })
                .await
            }
        }
    }

    /// The bytes of a version, which have the digest that the source named.
    pub async fn file(&self, champion: &Champion) -> Result<Vec<u8>, SourceError> {
        let version = &champion.version;
        let bytes = match self {
            Source::Server(server) => server.get(&format!("v1/models/{version}/file")).await?,
            Source::Folder(path) => {
                let (path, version) = (path.clone(), version.clone());
                blocking(move || Ok(registry(&path)?.read(&version.into())?)).await?
            }
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

/// Runs reads of a disk apart, at most for as long as a request may take.
async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, SourceError> + Send + 'static,
) -> Result<T, SourceError> {
    let other = |fault: String| SourceError::Other {
        source_name: "the folder".into(),
        fault,
    };
    match tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(read)).await {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => Err(other(panic.to_string())),
        Err(_) => Err(other(format!("it did not answer within {PATIENCE:?}"))),
    }
}

/// The registry of a folder: that of a state folder, or the folder of model files itself.
fn registry(path: &Path) -> Result<Registry, RegistryError> {
    let models = path.join("models");
    let folder = if models.is_dir() { &models } else { path };
    Ok(Registry::of_folder(folder)?.read_only())
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
