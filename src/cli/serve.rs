//! Subcommand `serve`: serves the live model over REST and WebSocket until a signal ends the process.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::Context;
use futures_util::future::select_all;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::{Exit, ExitError};
use super::site::Site;
use super::store::backup;
use super::{holder, out};
use crate::app::{App, First};
use crate::backup::Place;
use crate::clock::System;
use crate::model::Spec;

#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// Where to listen, as IP:PORT; port 0 picks a free one [default: server.listen, 127.0.0.1:5000]
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    listen: Option<SocketAddr>,
    /// Restore an archive, or the newest whole one of a folder or bucket, into the state, which must be empty
    #[arg(long, value_name = "SRC")]
    restore: Option<String>,
}

/// Parses an address; `localhost` is the only name, because it needs no DNS lookup.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let numeric = text
        .strip_prefix("localhost:")
        .map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    numeric
        .parse()
        .map_err(|_| "write IP:PORT, such as 127.0.0.1:5000 or [::1]:0".into())
}

pub fn run(args: &ServeArgs, mut site: Site) -> anyhow::Result<Exit> {
    if let Some(listen) = args.listen {
        site.settings.server.listen = listen;
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
    let options = &site.settings.server;
    let listener = bind(options.listen)?;
    let spec = match site.registry.champion() {
        Ok(None) => site.spec()?,
        _ => Spec::bundled(), // models carry their own
    };
    let first = First {
        spec,
        folder: site.spec_folder(),
    };
    // The HTTP server's workers have their own runtimes; this one runs all other tasks.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("tasks")
        .enable_all()
        .build()?;
    let exit = runtime.block_on(serve(site, first, listener));
    // Does not wait for an interrupted training: the registry stays consistent.
    runtime.shutdown_background();
    exit
}

async fn serve(site: Site, first: First, listener: TcpListener) -> anyhow::Result<Exit> {
    let mut signals = Signals::listen().context("signals cannot be listened to")?;
    let start = App::start(site.settings.clone(), first, listener, Arc::new(System));
    let app = tokio::select! {
        app = start => app?,
        () = signals.next() => return Ok(Exit::Done), // nothing was answered yet
    };
    announce(format!("ready http://{}\n", shown(app.addr())));
    let lifecycle = app.lifecycle();
    let mut wait = std::pin::pin!(app.wait());
    tokio::select! {
        ended = &mut wait => return ended.map(|()| Exit::Done),
        () = signals.next() => tracing::info!("server: stopping; a second signal ends it at once"),
    }
    lifecycle.stop();
    tokio::select! {
        ended = wait => ended.map(|()| Exit::Done),
        () = signals.next() => std::process::exit(Exit::Interrupted as i32),
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

/// An address that a browser on this machine can open.
pub(super) fn shown(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => {
            SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port())
        }
        IpAddr::V6(ip) if ip.is_unspecified() => {
            SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), address.port())
        }
        _ => address,
    }
}

pub(super) fn bind(listen: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(listen).map_err(|error| {
        let remedy = "choose another with --listen; port 0 picks a free one";
        if error.kind() != std::io::ErrorKind::AddrInUse {
            return anyhow::anyhow!("cannot listen on {listen}: {error}; {remedy}");
        }
        let holder = holder::of(listen.port())
            .map_or_else(|| "another process".to_owned(), |holder| holder.to_string());
        let message = format!("{listen} is held by {holder}; end it, or {remedy}");
        ExitError {
            message,
            exit: Exit::Held,
        }
        .into()
    })
}

/// Signals that stop the server. Each has a handler, because the first process of a container has no default actions.
const ENDING: [fn() -> SignalKind; 3] = [
    SignalKind::interrupt,
    SignalKind::terminate,
    SignalKind::hangup,
];

/// Signals that would kill a process without a handler; the server ignores them.
const IGNORED: [fn() -> SignalKind; 2] = [SignalKind::user_defined1, SignalKind::user_defined2];

/// Receivers of the signals that stop the server.
pub(super) struct Signals {
    ending: Vec<Signal>,
}

impl Signals {
    pub(super) fn listen() -> std::io::Result<Signals> {
        for kind in IGNORED {
            let _ = signal(kind())?; // once listened to, for good
        }
        let ending = ENDING.iter().map(|kind| signal(kind()));
        Ok(Signals {
            ending: ending.collect::<std::io::Result<_>>()?,
        })
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) {
        select_all(self.ending.iter_mut().map(|signal| Box::pin(signal.recv()))).await;
    }
}
