//! Subcommand `serve`: serves the live model over REST and WebSocket until a signal ends the process.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;

use super::exit::{Exit, ExitError};
use super::signals::Signals;
use super::site::Site;
use super::store::backup;
use super::{holder, out, supervisor};
use crate::app::{self, App, First, Given};
use crate::backup::Place;
use crate::clock::System;
use crate::config::Flag;
use crate::follow::Source;
use crate::model::Spec;
use crate::serve::address::Listen;
use crate::serve::listener::{self, ListenError, Listener};
use crate::serve::options::Platform;

#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// Where to listen, as IP:PORT or unix:PATH; port 0 picks a free one [default: server.listen, 127.0.0.1:5000]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<Listen>,

    /// Only predict: no store, no training, nothing is written
    #[arg(long)]
    predict_only: bool,

    /// Only predict, with the model of another server, to which the predictions are sent, or of a folder or bucket
    #[arg(long, value_name = "URL|FOLDER|s3://…", conflicts_with_all = ["model", "model_dir"])]
    follow: Option<String>,

    /// The model file to serve [default: the state's champion, else the newest of the model folders]
    #[arg(long, value_name = "FILE", requires = "predict_only")]
    model: Option<PathBuf>,

    /// A folder of model files, of which the newest serves if the state has no champion
    #[arg(long = "model_dir", alias = "model-dir", value_name = "DIR")]
    model_dir: Option<PathBuf>,

    /// Name of the model on KServe [default: server.platform.model_name, the name of the spec]
    #[arg(long = "model_name", alias = "model-name", value_name = "NAME", value_parser = model_name)]
    model_name: Option<String>,

    /// Port to listen on, at the address that the settings give
    #[arg(
        long = "http_port",
        alias = "http-port",
        value_name = "PORT",
        conflicts_with = "listen"
    )]
    http_port: Option<u16>,

    /// Restore an archive, or the newest whole one of a folder or bucket, into the state, which must be empty
    #[arg(long, value_name = "SRC", conflicts_with_all = ["predict_only", "follow"])]
    restore: Option<String>,
}

/// Parses the name of a model on KServe, which must not be the name of a version.
fn model_name(text: &str) -> Result<String, String> {
    let platform = Platform {
        model_name: Some(text.into()),
        ..Platform::default()
    };
    match platform.faults().into_iter().next() {
        None => Ok(text.into()),
        Some((_, fault)) => Err(fault),
    }
}

pub fn run(args: &ServeArgs, mut site: Site) -> anyhow::Result<Exit> {
    let server = &mut site.settings.server;
    if let Some(listen) = &args.listen {
        server.listen = listen.clone();
    }
    if let Some(port) = args.http_port {
        let Listen::Ip(address) = &mut server.listen else {
            anyhow::bail!(
                "server.listen is {}, which has no port; leave --http_port out, or set server.listen to IP:PORT",
                server.listen
            );
        };
        address.set_port(port);
    }
    if let Some(name) = &args.model_name {
        server.platform.model_name = Some(name.clone());
    }
    // What the page and the backups show as the settings of this server.
    let given = [
        (
            "server.listen",
            "--listen",
            args.listen.as_ref().map(ToString::to_string),
        ),
        (
            "server.listen",
            "--http_port",
            args.http_port.map(|_| server.listen.to_string()),
        ),
        (
            "server.platform.model_name",
            "--model_name",
            args.model_name.clone(),
        ),
    ];
    for (key, name, value) in given {
        if let Some(value) = value {
            site.settings.record(Flag {
                name: name.into(),
                key: key.into(),
                value,
            });
        }
    }
    let faults = site.settings.start_faults();
    if !faults.is_empty() {
        let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
        anyhow::bail!("{}", texts.join("\n"));
    }
    if let Some(from) = &args.restore {
        let restored = backup::whole(&site, &Place::parse(from)?)?;
        site.say(backup::said(&restored));
    }
    let given = Given {
        file: args.model.clone(),
        registry: site.registry.clone(),
        folders: folders(args, &site)?,
    };
    let start = match (&args.follow, args.predict_only) {
        (Some(source), _) => {
            let source = Source::new(source, site.token.clone());
            Start::Follow(source.map_err(|fault| ExitError {
                message: format!("--follow: {fault}"),
                exit: Exit::Usage,
            })?)
        }
        (None, true) => Start::PredictOnly(given),
        (None, false) => {
            let spec = match site.registry.champion() {
                Ok(None) => site.spec()?,
                _ => Spec::bundled(), // models carry their own
            };
            Start::Full(Box::new(First {
                spec,
                folder: site.spec_folder(),
                given: Some(given),
            }))
        }
    };
    let listener = bind(&site.settings.server.listen)?;
    // The HTTP server's workers have their own runtimes; this one runs all other tasks.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("tasks")
        .enable_all()
        .build()?;
    let exit = runtime.block_on(serve(site, start, listener));
    // Does not wait for an interrupted training: the registry stays consistent.
    runtime.shutdown_background();
    exit
}

/// What the server starts with.
enum Start {
    Full(Box<First>),
    PredictOnly(Given),
    Follow(Source),
}

/// The variable in which Vertex AI names the folder of the model.
const STORAGE: &str = "AIP_STORAGE_URI";

/// The folders in which a model may lie that others trained.
fn folders(args: &ServeArgs, site: &Site) -> anyhow::Result<Vec<PathBuf>> {
    let named = match std::env::var(STORAGE) {
        Err(_) => None,
        Ok(text) if text.is_empty() => None,
        Ok(text) => Some(local(&text)?),
    };
    let fixed = app::FOLDERS.into_iter().map(PathBuf::from);
    let first = args.model_dir.clone().into_iter().chain(named);
    let state = site.settings.state.join("models");
    Ok(first.chain([state]).chain(fixed).collect())
}

/// The local path of an address.
fn local(text: &str) -> anyhow::Result<PathBuf> {
    match text.strip_prefix("file://") {
        Some(path) => Ok(path.into()),
        None if text.contains("://") => anyhow::bail!(
            "{STORAGE} is {text}, which is not a path of this machine; mount or copy the model, and set {STORAGE} to that folder"
        ),
        None => Ok(text.into()),
    }
}

async fn serve(site: Site, start: Start, listener: Listener) -> anyhow::Result<Exit> {
    let mut signals = Signals::of_server().context("signals cannot be listened to")?;
    let (settings, clock) = (site.settings.clone(), Arc::new(System));
    let start = async {
        match start {
            Start::Full(first) => App::start(settings, *first, listener, clock).await,
            Start::PredictOnly(given) => App::predict_only(settings, given, listener, clock).await,
            Start::Follow(source) => App::follow(settings, source, listener, clock).await,
        }
    };
    let app = tokio::select! {
        app = start => app?,
        () = signals.next() => return Ok(Exit::Done), // nothing was answered yet
    };
    announce(format!("ready {}\n", app.url()));
    supervisor::ready();
    let lifecycle = app.lifecycle();
    let watch = supervisor::watch(app.url().clone());
    let bound = app.bound().clone();
    let mut wait = std::pin::pin!(app.wait());
    tokio::select! {
        ended = &mut wait => return ended.map(|()| Exit::Done),
        () = watch => {}
        () = signals.next() => tracing::info!("server: stopping; a second signal ends it at once"),
    }
    supervisor::stopping();
    lifecycle.stop();
    tokio::select! {
        ended = wait => ended.map(|()| Exit::Done),
        () = signals.next() => {
            bound.remove();
            std::process::exit(Exit::Interrupted as i32)
        }
    }
}

/// Prints a line on a separate thread, so that a closed or blocked standard output does not stop the server.
fn announce(line: String) {
    let thread = std::thread::Builder::new().name("stdout".into());
    let printed = thread.spawn(move || {
        if let Err(error) = out::write(format_args!("{line}")) {
            tracing::warn!(
                error = format!("{error:#}"),
                "server: cannot print the address on standard output"
            );
        }
    });
    if let Err(error) = printed {
        tracing::warn!(%error, "server: cannot print the address on standard output");
    }
}

pub(super) fn bind(listen: &Listen) -> anyhow::Result<Listener> {
    let remedy = "choose another with --listen; port 0 picks a free one";
    listener::bind(listen).map_err(|error| match error {
        ListenError::Held(_) => {
            let holder = holder::of(listen)
                .map_or_else(|| "another process".to_owned(), |holder| holder.to_string());
            let message = format!("{listen} is held by {holder}; end it, or {remedy}");
            ExitError {
                message,
                exit: Exit::Held,
            }
            .into()
        }
        ListenError::NotASocket(_) => anyhow::anyhow!("{error}"),
        ListenError::Io { .. } => anyhow::anyhow!("{error}; {remedy}"),
    })
}
