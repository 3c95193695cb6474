//! Access to the store of a state folder: opened in this process, or through the REST API of the server that holds it.

use std::cell::RefCell;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::runtime::Runtime;

use super::endpoint;
use super::exit::{Exit, ExitError};
use super::site::Site;
use crate::control::jobs::{JobView, Product, State};
use crate::export::{self, Each, Events, ExportError, Filter};
use crate::serve::address::ServerUrl;
use crate::serve::guard::{Access, word};
use crate::serve::problem::Document;
use crate::serve::routes::ROUTES;
use crate::serve::views::Queued;
use crate::store::{File, NAME, OpenError, kind};

/// Connection timeout: a server on the same machine accepts a connection at once or not at all.
const CONNECT: Duration = Duration::from_secs(5);

/// Maximum silence of a server after it accepted a request; a store job or a slow disk may delay the response.
const SILENCE: Duration = Duration::from_secs(120);

/// Interval between two polls of a job.
const LOOK: Duration = Duration::from_millis(100);

/// Maximum number of retries of a request that the server rejected as too busy.
const RETRIES: u32 = 10;

pub enum Opened {
    /// The store file, opened in this process.
    File(File),
    /// The server that holds the store.
    Server(Remote),
}

impl Opened {
    /// Opens the store of a state folder, which must exist, or connects to the server that holds it.
    pub fn of(site: &Site) -> Result<Opened> {
        let state = &site.settings.state;
        if !state.join(NAME).exists() {
            bail!(
                "there is no store in {} yet; serve and ingest make one",
                state.display()
            );
        }
        Opened::or_made(site)
    }

    /// Like [`Opened::of`], but creates a store that does not exist.
    pub fn or_made(site: &Site) -> Result<Opened> {
        match crate::store::open(&site.settings.state) {
            Ok(file) => Ok(Opened::File(file)),
            Err(error) => Remote::instead(error, site).map(Opened::Server),
        }
    }

    /// The events of the store, read from the file or over REST.
    pub fn events(&self) -> &dyn Events {
        match self {
            Opened::File(file) => file,
            Opened::Server(remote) => remote,
        }
    }
}

/// A running server that holds a store.
pub struct Remote {
    /// The URL as messages show it.
    url: String,
    server: ServerUrl,
    holder: String,
    file: String,
    token: Option<String>,
    client: Client,
    runtime: Runtime,
    /// Error of the last read of events; kept here because the `Events` trait cannot return errors of the command line.
    fault: RefCell<Option<anyhow::Error>>,
}

impl Remote {
    /// Connects to the server that holds a store, after opening it failed; returns the error if no server holds it.
    pub fn instead(error: OpenError, site: &Site) -> Result<Remote> {
        let OpenError::Held {
            file,
            holder,
            server,
        } = error
        else {
            return Err(error.into());
        };
        let Some(url) = server else {
            return Err(held(format!(
                "the store {file} is held by {holder}, which does not serve it (yet); wait until it ends or is ready, or stop it"
            )));
        };
        let server: ServerUrl = url.parse().map_err(|error: String| anyhow!(error))?;
        let client = endpoint::client(&server)
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .build()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        Ok(Remote {
            url,
            server,
            holder,
            file,
            token: site.token.clone(),
            client,
            runtime,
            fault: RefCell::default(),
        })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sends GET and returns the response document.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.document(Method::GET, path, &|request| request)
    }

    /// Sends POST with a document and returns the response document.
    pub fn post<T: DeserializeOwned>(&self, path: &str, document: &Value) -> Result<T> {
        self.document(Method::POST, path, &|request| {
            let request = request.header(CONTENT_TYPE, "application/json");
            request.body(document.to_string())
        })
    }

    /// Sends POST without a body and returns the response document.
    pub fn ask<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.document(Method::POST, path, &|request| request)
    }

    /// Sends DELETE and returns the response document.
    pub fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        self.document(Method::DELETE, path, &|request| request)
    }

    /// Sends rows; returns `None` if they are too many for one request.
    pub fn rows<T: DeserializeOwned>(
        &self,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Option<T>> {
        let path = "/v1/rows";
        let dressed = |mut request: RequestBuilder| {
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            request.body(body.to_vec())
        };
        self.runtime.block_on(async {
            let response = self.send(Method::POST, path, &dressed).await?;
            if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
                return Ok(None);
            }
            let response = self.checked(&Method::POST, path, response).await?;
            read(path, response).await.map(Some)
        })
    }

    /// Starts a job, with a document or without, and waits for its end. `look` sees its progress and may cancel it by `stop`.
    pub fn job(
        &self,
        path: &str,
        document: Option<&Value>,
        stop: &AtomicBool,
        look: &mut dyn FnMut(f64),
    ) -> Result<Product> {
        let Queued { id, .. } = match document {
            Some(document) => self.post(path, document)?,
            None => self.ask(path)?,
        };
        let address = format!("/v1/jobs/{id}");
        let mut called_off = false;
        loop {
            let job: JobView = self.get(&address)?;
            look(job.progress);
            match job.state {
                State::Done => return job.result.with_context(|| not_understood(path)),
                State::Failed => bail!("{}", job.error.unwrap_or_default()),
                State::Cancelled => {
                    return Err(ExitError {
                        message: "interrupted; the job was cancelled".into(),
                        exit: Exit::Interrupted,
                    }
                    .into());
                }
                State::Queued | State::Running => {}
            }
            if stop.load(Ordering::Relaxed) && !called_off {
                called_off = true;
                // A job that has just ended cannot be cancelled; the next poll sees its result.
                let _: Result<JobView> = self.delete(&address);
            }
            std::thread::sleep(LOOK);
        }
    }

    fn document<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        dress: &dyn Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<T> {
        self.runtime.block_on(async {
            let response = self.send(method.clone(), path, dress).await?;
            read(path, self.checked(&method, path, response).await?).await
        })
    }

    /// Sends a request and retries it when the server asks for that with `Retry-After`.
    async fn send(
        &self,
        method: Method,
        path: &str,
        dress: &dyn Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response> {
        let mut tries = 0;
        loop {
            let url = self.server.of(path);
            let mut request = self.client.request(method.clone(), url);
            if let Some(token) = &self.token {
                request = request.header(AUTHORIZATION, format!("Bearer {token}"));
            }
            let response = dress(request).send().await;
            let response = response.map_err(|error| self.gone(error))?;
            let wait = response.headers().get(RETRY_AFTER);
            let wait = wait.and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
            match (response.status(), wait) {
                (StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS, Some(wait))
                    if tries < RETRIES =>
                {
                    tries += 1;
                    tokio::time::sleep(Duration::from_secs(wait.min(5))).await;
                }
                _ => return Ok(response),
            }
        }
    }

    fn gone(&self, error: reqwest::Error) -> anyhow::Error {
        let Remote {
            file, holder, url, ..
        } = self;
        let mut cause: &dyn std::error::Error = &error;
        while let Some(next) = cause.source() {
            cause = next;
        }
        if error.is_connect() {
            return held(format!(
                "the store {file} is held by {holder}, whose server at {url} does not answer ({cause}); stop it, or try again"
            ));
        }
        anyhow!("the server at {url} closed the connection: {cause}")
    }

    /// Returns a successful response; converts others to errors.
    async fn checked(&self, method: &Method, path: &str, response: Response) -> Result<Response> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let text = response.text().await.unwrap_or_default();
        let url = &self.url;
        if let (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, Some(scope)) =
            (status, scope(method, path))
        {
            match &self.token {
                None => bail!(
                    "the server at {url} holds the store and requires a token with the scope {scope}; give one with --token or TITANIC_TOKEN"
                ),
                Some(_) if status == StatusCode::UNAUTHORIZED => bail!(
                    "the server at {url} does not know this token; one with the scope {scope} is needed, see server.auth"
                ),
                Some(_) => {}
            }
        }
        let Ok(problem) = serde_json::from_str::<Document>(&text) else {
            bail!("the server at {url} answered {path} with {status}: {text}");
        };
        let mut message = problem.detail.into_owned();
        for entry in problem.errors.iter() {
            message = format!("{message}; {}: {}", entry.path, entry.allowed);
        }
        bail!("{message}")
    }

    /// Passes every line of an export to `each`.
    async fn stream(
        &self,
        path: &str,
        each: &mut dyn FnMut(&[u8]) -> Result<(), ExportError>,
    ) -> Result<Result<(), ExportError>> {
        let response = self.send(Method::GET, path, &|request| request).await?;
        let mut response = self.checked(&Method::GET, path, response).await?;
        let mut rest: Vec<u8> = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.gone(error))? {
            rest.extend_from_slice(&chunk);
            let Some(end) = rest.iter().rposition(|byte| *byte == b'\n') else {
                continue;
            };
            for line in rest[..end].split(|byte| *byte == b'\n') {
                if let Err(error) = each(line) {
                    return Ok(Err(error));
                }
            }
            rest.drain(..=end);
        }
        if !rest.is_empty() {
            bail!(
                "the server at {} closed the connection within a line",
                self.url
            );
        }
        Ok(Ok(()))
    }

    fn exported(
        &self,
        filter: &Filter,
        each: &mut dyn FnMut(&[u8]) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        let path = address(filter);
        match self.runtime.block_on(self.stream(&path, each)) {
            Ok(done) => done,
            Err(error) => {
                let text = format!("{error:#}");
                *self.fault.borrow_mut() = Some(error);
                Err(ExportError::Source(text.into()))
            }
        }
    }

    /// Error of the last read of events with its exit code, or `other` if it has a different cause.
    pub fn explain(&self, other: ExportError) -> anyhow::Error {
        self.fault.take().unwrap_or_else(|| other.into())
    }
}

impl Events for Remote {
    fn each(&self, filter: &Filter, each: Each<'_>) -> Result<(), ExportError> {
        let mut number = 0;
        self.exported(filter, &mut |line| {
            number += 1;
            let text = String::from_utf8_lossy(line);
            export::each_line(&text, number, each)
        })
    }

    fn lines(&self, filter: &Filter, to: &mut dyn Write) -> Result<u64, ExportError> {
        let mut count = 0;
        self.exported(filter, &mut |line| {
            count += 1;
            to.write_all(line)?;
            Ok(to.write_all(b"\n")?)
        })?;
        to.flush()?;
        Ok(count)
    }
}

/// Request path of an export.
fn address(filter: &Filter) -> String {
    let mut query = vec!["format=jsonl".to_owned()];
    if let Some(kind) = filter.kind {
        query.push(format!("kind={}", kind::name(kind)));
    }
    // With full precision: a rounded time would select other events.
    let times = [("since", filter.since), ("until", filter.until)];
    for (name, time) in times {
        query.extend(time.map(|time| format!("{name}={time}")));
    }
    query.extend(filter.last.map(|last| format!("last={last}")));
    format!("/v1/store/export?{}", query.join("&"))
}

async fn read<T: DeserializeOwned>(path: &str, response: Response) -> Result<T> {
    let text = response
        .text()
        .await
        .context("the server closed the connection")?;
    serde_json::from_str(&text).with_context(|| not_understood(path))
}

/// The error of a response that is not what the path responds with.
pub fn not_understood(path: &str) -> String {
    format!("the server's answer to {path} is not understood")
}

/// The scope that a route requires.
fn scope(method: &Method, path: &str) -> Option<&'static str> {
    let path = path.split('?').next().unwrap_or_default();
    let route = ROUTES.iter().find(|route| {
        let (mut pattern, mut parts) = (route.pattern.split('/'), path.split('/'));
        let fits = |(pattern, part): (Option<&str>, Option<&str>)| match (pattern, part) {
            (Some(pattern), Some(part)) => Some(pattern.starts_with('{') || pattern == part),
            (None, None) => None,
            _ => Some(false),
        };
        let mut pairs = std::iter::from_fn(|| fits((pattern.next(), parts.next())));
        route.method == method.as_str() && pairs.all(|fits| fits)
    });
    match route?.access {
        Access::Scope(scope) => Some(word(scope)),
        Access::Open | Access::Token => None,
    }
}

fn held(message: String) -> anyhow::Error {
    ExitError {
        message,
        exit: Exit::Held,
    }
    .into()
}

/// Rejects `--spec` while a server is running, unless it is the champion's spec, because the server uses that one.
pub fn must_share_spec(site: &Site, remote: &Remote) -> Result<()> {
    if !site.differs_from_champion()? {
        return Ok(());
    }
    let url = remote.url();
    let path = site.spec_path().unwrap_or(Path::new("--spec")).display();
    let live = site.registry.champion()?;
    let live = live.map_or_else(
        || "its live model".to_owned(),
        |version| version.to_string(),
    );
    Err(ExitError {
        message: format!(
            "{path} differs from the spec of {live}, by which the server at {url} goes; leave --spec out, or make a model of \
             {path} live first (`train SOURCE --spec {path} --promote always` works beside the server), or stop the server"
        ),
        exit: Exit::Usage,
    }
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_of_a_route_is_that_of_the_table() {
        for (method, path, expected) in [
            (Method::GET, "/v1/store", Some("read")),
            (Method::GET, "/v1/store/export?kind=row", Some("read")),
            (Method::POST, "/v1/quarantine/7/retry", Some("admin")),
            (Method::POST, "/v1/rows", Some("label")),
            (Method::GET, "/healthz", None),
            (Method::GET, "/v1/nothing", None),
        ] {
            assert_eq!(scope(&method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn an_export_is_asked_for_with_all_that_was_asked_for() {
        let filter = Filter {
            kind: kind::named("row"),
            since: Some("2026-01-31T09:15:00.123456Z".parse().unwrap()),
            until: None,
            last: Some(7),
        };
        assert_eq!(
            address(&filter),
            "/v1/store/export?format=jsonl&kind=row&since=2026-01-31T09:15:00.123456Z&last=7"
        );
    }
}
