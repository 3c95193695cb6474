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

use anyhow::{Context, bail};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use super::address::shown;
use super::exit::Exit;
use super::global::Global;
use super::site;
use session::Session;

/// Send rows over the WebSocket and print the predictions.
///
/// Without FILE on a terminal it is interactive; `:help` lists what it understands.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Address of the server; http://HOST:PORT stands for ws://HOST:PORT/ws [default: server.listen, 127.0.0.1:5000]
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
        None => shown(site::settings(global)?.server.listen).to_string(),
    };
    let request = request(&url, args.token_env.as_deref())?;
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
        let address = request.uri().to_string();
        let (socket, _) = tokio_tungstenite::connect_async(request)
            .await
            .with_context(|| {
                format!("{address} cannot be reached; is `titanic-platform serve` running there?")
            })?;
        session
            .converse(socket, input::read(source), tokio::signal::ctrl_c())
            .await
    })
}

/// Builds the WebSocket handshake request from the address and the token.
fn request(typed: &str, token_env: Option<&str>) -> anyhow::Result<Request> {
    let url = address(typed)?;
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

/// Converts the address that the user typed to a WebSocket URL.
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
    Ok(if bare {
        format!("{}/ws", url.trim_end_matches('/'))
    } else {
        url
    })
}
