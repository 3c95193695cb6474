//! Subcommand `client`: sends rows over the WebSocket, from a file, a pipe or a person at a terminal.
//!
//! Rows are sent ahead of their responses within a bounded window; responses are printed in the order of the rows. Input is
//! JSON only: CSV does not say which cells are numbers, while `POST /v1/predict` with `text/csv` and `predict`
//! take that from the spec.

mod input;
mod message;
mod pairs;
mod say;
mod session;
#[cfg(test)]
mod tests;
mod window;

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use super::exit::Exit;
use super::global::Global;
use super::site;
use crate::serve::address::ServerUrl;
use session::Session;

/// Send rows over the WebSocket and print the predictions.
///
/// Without FILE on a terminal it is interactive; `:help` lists what it understands.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Address of the server; http://HOST:PORT stands for ws://HOST:PORT/ws, unix:PATH for a Unix socket [default: that of server.listen]
    #[arg(long)]
    pub url: Option<String>,

    /// Show the contributions of the columns too
    #[arg(long)]
    pub explain: bool,

    /// Print the events of these topics (predictions, models, …), also after the last row, until interrupted
    #[arg(long, value_name = "TOPICS", value_delimiter = ',')]
    pub subscribe: Vec<String>,

    /// Environment variable that holds the token
    #[arg(long, value_name = "VAR")]
    pub token_env: Option<String>,

    /// Rows as JSON lines or as one JSON array; - is standard input
    pub file: Option<PathBuf>,
}

/// Runs the subcommand; with `json` the server's messages are printed unchanged, one per line.
pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let json = global.json;
    let url = match &args.url {
        Some(url) => url.clone(),
        None => {
            let server = site::settings(global)?.server;
            server.listen.url(&server.base_path).to_string()
        }
    };
    let server: ServerUrl = url.parse().map_err(|error: String| anyhow!(error))?;
    let request = request(&server, args.token_env.as_deref())?;
    let source = match args.file.as_deref() {
        Some(path) if path.as_os_str() != "-" => {
            let file = std::fs::File::open(path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            input::Source::Rows(Box::new(std::io::BufReader::new(file)))
        }
        None if std::io::stdin().is_terminal() => input::Source::Person,
        _ => input::Source::Rows(Box::new(std::io::BufReader::new(std::io::stdin()))),
    };
    let session = Session {
        explain: args.explain,
        topics: args.subscribe,
        json,
        person: matches!(source, input::Source::Person),
        out: std::io::stdout(),
        err: std::io::stderr(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let address = match server.socket() {
            None => request.uri().to_string(),
            Some(_) => server.to_string(),
        };
        let failed =
            || format!("{address} cannot be reached; is `titanic-platform serve` running there?");
        let (input, interrupt) = (input::read(source), tokio::signal::ctrl_c());
        match server.socket() {
            None => {
                let connected = tokio_tungstenite::connect_async(request).await;
                let (socket, _) = connected.with_context(failed)?;
                session.converse(socket, input, interrupt).await
            }
            #[cfg(not(unix))]
            Some(_) => unreachable!("the address of a Unix socket is rejected when it is read"),
            #[cfg(unix)]
            Some(path) => {
                let stream = tokio::net::UnixStream::connect(path)
                    .await
                    .with_context(failed)?;
                let opened = tokio_tungstenite::client_async(request, stream).await;
                let (socket, _) = opened.with_context(failed)?;
                session.converse(socket, input, interrupt).await
            }
        }
    })
}

/// Builds the WebSocket handshake request from the address and the token.
fn request(server: &ServerUrl, token_env: Option<&str>) -> anyhow::Result<Request> {
    let url = match server {
        ServerUrl::Http(typed) => address(typed)?,
        ServerUrl::Unix { .. } => server.of("/ws").replacen("http", "ws", 1),
    };
    let mut request = url
        .as_str()
        .into_client_request()
        .with_context(|| format!("{url} is not an address"))?;
    if let Some(name) = token_env {
        let token =
            std::env::var(name).with_context(|| format!("--token-env: {name} is not set"))?;
        let mut value = HeaderValue::from_str(&format!("Bearer {}", token.trim()))
            .with_context(|| format!("--token-env: {name} holds no token"))?;
        value.set_sensitive(true);
        request.headers_mut().insert("Authorization", value);
    }
    Ok(request)
}

/// Converts the address that the user typed to a WebSocket URL. That of a server may have a base path; that of a WebSocket is
/// complete if it has a path.
fn address(typed: &str) -> anyhow::Result<String> {
    let url = match typed.split_once("://") {
        Some(("http" | "ws", rest)) => format!("ws://{rest}"),
        Some(("https" | "wss", _)) => {
            bail!("{typed}: this client speaks no TLS; use ws:// to the server itself or a tunnel")
        }
        Some((scheme, _)) => {
            bail!("{typed}: {scheme}:// is not a WebSocket; write ws://HOST:PORT/ws")
        }
        None => format!("ws://{typed}"),
    };
    let bare = !url["ws://".len()..].trim_end_matches('/').contains('/');
    let of_server = typed.starts_with("http://") && !url.ends_with("/ws");
    Ok(if bare || of_server {
        format!("{}/ws", url.trim_end_matches('/'))
    } else {
        url
    })
}
