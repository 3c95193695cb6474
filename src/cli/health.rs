//! Subcommand `health`: asks a server whether it lives or is ready, for container health checks and probes.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::Url;
use serde::Serialize;

use super::endpoint;
use super::exit::Exit;
use super::global::Global;
use super::out;
use super::site;
use crate::serve::address::ServerUrl;
use crate::serve::problem::Document;
use crate::serve::views::Health;

/// Maximum time of the whole exchange. It is below the time that container platforms give a health check by default.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
pub struct HealthArgs {
    /// Address of the server, such as http://127.0.0.1:5000 or unix:PATH [default: that of server.listen]
    #[arg(long, value_name = "URL")]
    url: Option<ServerUrl>,

    /// Ask whether the server is ready to predict, not only whether it lives
    #[arg(long)]
    ready: bool,
}

/// The document of `--json`.
#[derive(Debug, Serialize)]
struct Report<'r> {
    url: &'r str,
    status: &'r str,
    model: Option<&'r str>,
}

/// Prints one line and ends with 0; an error ends with 1.
pub fn run(args: &HealthArgs, global: &Global) -> anyhow::Result<Exit> {
    let server = match &args.url {
        Some(url) => url.clone(),
        None => {
            let server = site::settings(global)?.server;
            server.listen.url(&server.base_path)
        }
    };
    let path = if args.ready { "/readyz" } else { "/healthz" };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let health = runtime.block_on(ask(&server, path))?;
    if global.json {
        let url = shown(&server, path);
        let report = Report {
            url: &url,
            status: &health.status,
            model: health.model.as_deref(),
        };
        out::print_json(&serde_json::to_value(report)?)?;
    } else {
        let model = health
            .model
            .map_or(String::new(), |model| format!(", {model}"));
        out::write(format_args!("{}{model}\n", health.status))?;
    }
    Ok(Exit::Done)
}

/// The address of a health route as messages name it.
fn shown(server: &ServerUrl, path: &str) -> String {
    match server.socket() {
        None => server.of(path),
        Some(_) => server.to_string(),
    }
}

/// Asks the server at a health route.
///
/// # Errors
/// It does not answer, or it is not ready.
pub async fn ask(server: &ServerUrl, path: &str) -> anyhow::Result<Health> {
    let url = shown(server, path);
    let address = Url::parse(&server.of(path))
        .with_context(|| format!("{url} is no address; write one like http://127.0.0.1:5000"))?;
    let client = endpoint::client(server).timeout(PATIENCE).build()?;
    let failed = || format!("{url} does not answer");
    let answer = client.get(address).send().await.with_context(failed)?;
    let status = answer.status();
    let body = answer.bytes().await.with_context(failed)?;
    if status.is_success() {
        let health = serde_json::from_slice(&body);
        return health
            .with_context(|| format!("what answers at {url} is not a titanic-platform server"));
    }
    match serde_json::from_slice::<Document<'_>>(&body) {
        Ok(problem) => bail!("{}: {}", problem.title, problem.detail),
        Err(_) => bail!("{url} answers with status {status}"),
    }
}
