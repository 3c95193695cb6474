//! Servers under test: on a free port, with a copy of a state that has two models with different predictions.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use titanic_platform::app::{App, First};
use titanic_platform::clock::{Clock, System};
use titanic_platform::config::Settings;
use titanic_platform::control::retrain::{self, Order};
use titanic_platform::promotion::policy::Promote;
use titanic_platform::registry::Registry;
use titanic_platform::serve::listener;
use titanic_platform::store::{Backend, File};
use titanic_platform::train::{Request, Unwatched};

use crate::case::{Case, TITANIC};

/// A valid row of the bundled case.
pub fn passenger() -> Value {
    TITANIC.row()
}

/// An HTTP client without TLS.
pub fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default(); // the first to install wins
    Client::builder().tls_certs_only([]).build().unwrap()
}

/// An HTTP client of the server at a Unix socket.
pub fn client_over(socket: &Path) -> Client {
    client(); // TLS is set up once
    let client = Client::builder().tls_certs_only([]).unix_socket(socket);
    client.build().unwrap()
}

/// A state with version 1, the champion, and version 2, trained on fewer rows. Made once per case.
fn two_models(case: &Case) -> &'static Path {
    static STATES: Mutex<BTreeMap<&str, TempDir>> = Mutex::new(BTreeMap::new());
    let mut states = STATES.lock().unwrap();
    let state = states.entry(case.name).or_insert_with(|| {
        let state = tempfile::tempdir().unwrap();
        let registry = Registry::open(state.path()).unwrap();
        for (loaded, promote) in case
            .trainings()
            .into_iter()
            .zip([Promote::Always, Promote::Never])
        {
            let request = Request {
                learner: Some("logistic".into()),
                folds: 2,
                repeats: 1,
                seed: 0,
                threads: 2,
                limits: Default::default(),
            };
            let order = Order {
                request,
                promote,
                by: "a test".into(),
                gate: Default::default(),
                max_bad: titanic_platform::ingest::MAX_BAD,
            };
            retrain::run(
                &registry,
                &case.spec(),
                &loaded.into(),
                None,
                &order,
                &System,
                &Unwatched,
            )
            .unwrap();
        }
        state
    });
    Box::leak(state.path().into()) // as long as the tests run, as the state itself
}

/// A copy of the state with two models of the bundled case.
pub fn state() -> TempDir {
    state_of(&TITANIC)
}

/// A copy of the state with two models.
pub fn state_of(case: &Case) -> TempDir {
    let state = tempfile::tempdir().unwrap();
    copy(two_models(case), state.path());
    state
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn usual(state: &TempDir) -> Settings {
    let mut settings = Settings::built_in();
    settings.state = state.path().into();
    settings.server.listen = "127.0.0.1:0".parse().unwrap();
    settings.server.workers = Some(2.try_into().unwrap());
    settings
}

/// A running server.
pub struct Server {
    app: App,
    client: Client,
    state: TempDir,
}

impl Server {
    /// A server with two models of the bundled case.
    pub async fn start() -> Server {
        Server::of(&TITANIC).await
    }

    /// A server with two models.
    pub async fn of(case: &Case) -> Server {
        Server::of_with(case, |_| {}).await
    }

    /// Like [`Server::of`], with changed settings.
    pub async fn of_with(case: &Case, change: impl FnOnce(&mut Settings)) -> Server {
        Server::over(state_of(case), change, First::bundled(), Arc::new(System))
            .await
            .unwrap()
    }

    /// A server of the bundled case with changed settings.
    pub async fn with(change: impl FnOnce(&mut Settings)) -> Server {
        Server::over(state(), change, First::bundled(), Arc::new(System))
            .await
            .unwrap()
    }

    /// A server on a given state.
    pub async fn over(
        state: TempDir,
        change: impl FnOnce(&mut Settings),
        first: First,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Server> {
        let mut settings = usual(&state);
        change(&mut settings);
        let listener = listener::bind(&settings.server.listen).unwrap();
        let app = App::start(settings, first, listener, clock).await?;
        Ok(Server::running(app, state))
    }

    /// A server of the bundled case whose store uses this storage backend.
    pub async fn on(backend: Backend) -> Server {
        Server::on_with(backend, |_| {}).await
    }

    /// Like [`Server::on`], with changed settings.
    pub async fn on_with(backend: Backend, change: impl FnOnce(&mut Settings)) -> Server {
        let state = state();
        let mut settings = usual(&state);
        change(&mut settings);
        let file = File::with_backend(backend).unwrap();
        let listener = listener::bind(&settings.server.listen).unwrap();
        let app = App::over(file, settings, First::bundled(), listener, Arc::new(System));
        Server::running(app.await.unwrap(), state)
    }

    fn running(app: App, state: TempDir) -> Server {
        let client = match app.url().socket() {
            None => client(),
            Some(path) => client_over(path),
        };
        Server { app, client, state }
    }

    /// The URL of a path, below the base path.
    pub fn url(&self, path: &str) -> String {
        self.app.url().of(path)
    }

    /// The URL of the WebSocket.
    pub fn ws(&self) -> String {
        self.url("/ws").replacen("http", "ws", 1)
    }

    /// The IP address and port of the server, which listens on no Unix socket.
    pub fn address(&self) -> SocketAddr {
        self.app.bound().listen().ip().unwrap()
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    /// The path of the state folder.
    pub fn state(&self) -> PathBuf {
        self.state.path().into()
    }

    /// The registry, opened separately as another process would.
    pub fn registry(&self) -> Registry {
        Registry::open(self.state.path()).unwrap()
    }

    pub fn client(&self) -> Client {
        self.client.clone()
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(path))
    }

    /// Sends GET and returns the document; the status must be 200.
    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = answer(self.request(Method::GET, path)).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// The status of a request without a body.
    pub async fn status(&self, method: Method, path: &str) -> u16 {
        let response = self.request(method, path).send().await.unwrap();
        response.status().as_u16()
    }

    /// Sends POST with a document; returns status and document.
    pub async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        answer(self.request(Method::POST, path).json(body)).await
    }

    /// The text of `/metrics`.
    pub async fn metrics(&self) -> String {
        self.request(Method::GET, "/metrics")
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    }

    /// Stops the server and returns its state folder.
    pub async fn leave(self) -> TempDir {
        drop(self.client);
        self.app.stop();
        self.app.wait().await.unwrap();
        self.state
    }

    /// Stops the server as a signal would.
    pub async fn stop(self) {
        drop(self.client); // a kept-alive connection is open, too
        self.app.stop();
        self.app.wait().await.unwrap();
    }
}

/// Status and JSON document of a response.
pub async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

/// Test timeout, long enough for a busy machine: trainings have the lowest priority.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// Polls until the condition holds.
pub async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let patience = tokio::time::Instant::now() + PATIENCE;
    while !holds().await {
        assert!(
            tokio::time::Instant::now() < patience,
            "{what}: not within {PATIENCE:?}"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
