//! HTTP clients of a running server, over TCP or over its Unix socket.

use reqwest::{Client, ClientBuilder};

use crate::serve::address::ServerUrl;

/// A client of the server at a URL, without TLS: without certificates no TLS server is trusted, and plain HTTP needs none.
pub fn client(server: &ServerUrl) -> ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default(); // the first to install wins
    let client = Client::builder().tls_certs_only([]).no_proxy();
    match server.socket() {
        None => client,
        #[cfg(not(unix))]
        Some(_) => unreachable!("the address of a Unix socket is rejected when it is read"),
        #[cfg(unix)]
        Some(path) => client.unix_socket(path),
    }
}
