//! HTTP/1 over a listener. `actix_web::HttpServer` does the same, but it can neither set the service that handles `Expect`
//! nor wrap the stream.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{Extensions, HttpService, Protocol, Request};
use actix_server::GracefulShutdownSignal;
use actix_service::{
    IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config,
};
use actix_web::dev::{AppConfig, Server};
use actix_web::rt::net::TcpStream;
#[cfg(unix)]
use actix_web::rt::net::UnixStream;
use actix_web::{App, web};
use futures_util::future::ready;
use tokio::io::{AsyncRead, AsyncWrite};

use super::expect::Expect;
use super::listener::{BACKLOG, Socketed};
use super::stream::{self, Timed};

/// How long a client may take to close its side of a connection that the server is closing.
const DISCONNECT: Duration = Duration::from_secs(2);

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

/// A connection as the listener accepts it.
trait Accepted: AsyncRead + AsyncWrite + Unpin + 'static {
    /// Prepares the stream, and returns the address of its peer; `None` for a Unix socket.
    fn prepare(&self) -> Option<SocketAddr>;
}

impl Accepted for TcpStream {
    fn prepare(&self) -> Option<SocketAddr> {
        let _ = self.set_nodelay(true); // where it fails, answers are only later
        self.peer_addr().ok()
    }
}

#[cfg(unix)]
impl Accepted for UnixStream {
    fn prepare(&self) -> Option<SocketAddr> {
        None
    }
}

/// Serves the app that `configure` sets up until the server's handle is stopped.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(
    socket: Socketed,
    options: Options,
    expect: Arc<Expect>,
    configure: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
) -> io::Result<Server> {
    let builder = Server::build()
        .workers(options.workers)
        .backlog(BACKLOG.into())
        .shutdown_timeout(options.shutdown.as_secs().max(1))
        .disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let builder = match socket {
        Socketed::Tcp(listener) => {
            let service = move || {
                service::<TcpStream>(options, expect.clone(), stopping.clone(), configure.clone())
            };
            builder.listen("http", listener, service)?
        }
        #[cfg(not(unix))]
        Socketed::Unix(none) => match none {},
        #[cfg(unix)]
        Socketed::Unix(listener) => {
            let service = move || {
                service::<UnixStream>(options, expect.clone(), stopping.clone(), configure.clone())
            };
            builder.listen_uds("http", listener, service)?
        }
    };
    Ok(builder.run())
}

/// The HTTP service of one thread, over the streams of one kind of listener.
fn service<T: Accepted>(
    options: Options,
    expect: Arc<Expect>,
    stopping: GracefulShutdownSignal,
    configure: impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static,
) -> impl ServiceFactory<T, Config = (), Response = (), Error = DispatchError, InitError = ()> {
    let app = App::new().configure(configure).into_factory();
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
        .on_connect_ext(|stream: &Timed<T>, connection: &mut Extensions| {
            connection.insert(stream.connection().clone());
        })
        .expect(fn_service(move |request: Request| {
            ready(match expect.response(request.head()) {
                None => Ok(request),
                Some(response) => Err(response),
            })
        }))
        .finish(map_config(app, |_: ()| AppConfig::default()));
    fn_service(|stream: T| async {
        let peer = stream.prepare();
        Ok((Timed::new(stream), Protocol::Http1, peer))
    })
    .and_then(http)
}
