//! Subcommand `health`: asks a server whether it lives or is ready, for container health checks and probes.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Client, Url};
use serde::Serialize;

use super::address::shown;
use super::exit::Exit;
use super::global::Global;
use super::out;
use super::site;
use crate::serve::problem::Document;
use crate::serve::views::Health;

/// Maximum time of the whole exchange. It is below the time that container platforms give a health check by default.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, clap::Args)]
pub struct HealthArgs {
    /// Address of the server [default: server.listen, http://127.0.0.1:5000]
    #[arg(long, value_name = "URL")]
    url: Option<Url>,

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
    let base = match &args.url {
        Some(url) => url.clone(),
        None => {
            let address = shown(site::settings(global)?.server.listen);
            Url::parse(&format!("http://{address}"))?
        }
    };
    let path = if args.ready { "readyz" } else { "healthz" };
    let url = below(&base, path)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let health = runtime.block_on(ask(url.clone()))?;
    if global.json {
        let report = Report {
            url: url.as_str(),
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

/// The address of a path below a base address, which may have a path of its own.
fn below(base: &Url, path: &str) -> anyhow::Result<Url> {
    let base = format!("{}/{path}", base.as_str().trim_end_matches('/'));
    Url::parse(&base)
        .with_context(|| format!("{base} is no address; write one like http://127.0.0.1:5000"))
}

/// Asks the server at a health route.
///
/// # Errors
/// It does not answer, or it is not ready.
pub async fn ask(url: Url) -> anyhow::Result<Health> {
    let _ = rustls::crypto::ring::default_provider().install_default(); // the first to install wins
    let client = Client::builder()
        .tls_certs_only([])
        .no_proxy()
        .timeout(PATIENCE)
        .build()?;
    let failed = || format!("{url} does not answer");
    let answer = client.get(url.clone()).send().await.with_context(failed)?;
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
