//! HTTP/1 over a listener. `actix_web::HttpServer` does the same, but it can neither set the service that handles `Expect`
//! nor wrap the TCP stream.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_http::{Extensions, HttpService, Protocol, Request};
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::{AppConfig, Server};
use actix_web::rt::net::TcpStream;
use actix_web::{App, web};
use futures_util::future::ready;

use super::expect::Expect;
use super::stream::{self, Timed};

/// How long a client may take to close its side of a connection that the server is closing.
const DISCONNECT: Duration = Duration::from_secs(2);

/// Maximum length of the queue of connections that are not accepted yet.
const BACKLOG: u32 = 1024;

/// Settings of the HTTP service.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Number of serving threads.
    pub workers: usize,
    /// How long an idle connection stays open.
    pub keep_alive: Duration,
    /// How long open requests may take after a stop.
    pub shutdown: Duration,
}

/// Serves the app that `configure` sets up until the server's handle is stopped.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(
    listener: TcpListener,
    options: Options,
    expect: Arc<Expect>,
    configure: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
) -> io::Result<Server> {
    let address = listener.local_addr()?;
    let builder = Server::build();
    let stopping = builder.graceful_shutdown_signal();
    let service = move || {
        let (expect, stopping) = (expect.clone(), stopping.clone());
        let app = App::new().configure(configure.clone()).into_factory();
        let app = app.map_err(|error| error.error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(options.keep_alive)
            .client_request_timeout(stream::HEAD)
            .client_disconnect_timeout(DISCONNECT)
            // A client that has closed its side counts as disconnected, and its request is dropped.
            .h1_allow_half_closed(false)
            .local_addr(address)
            .on_connect_ext(|stream: &Timed, connection: &mut Extensions| {
                connection.insert(stream.connection().clone());
            })
            .expect(fn_service(move |request: Request| {
                ready(match expect.response(request.head()) {
                    None => Ok(request),
                    Some(response) => Err(response),
                })
            }))
            .finish(map_config(app, |_: ()| AppConfig::default()));
        fn_service(|stream: TcpStream| async {
            let _ = stream.set_nodelay(true); // where it fails, answers are only later
            let peer = stream.peer_addr().ok();
            Ok((Timed::new(stream), Protocol::Http1, peer))
        })
        .and_then(http)
    };
    let builder = builder
        .workers(options.workers)
        .backlog(BACKLOG)
        .shutdown_timeout(options.shutdown.as_secs().max(1))
        .disable_signals()
        .listen("http", listener, service)?;
    Ok(builder.run())
}
