//! HTTP client of the demo, which uses the server's REST API like any other client.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use reqwest::{Client, RequestBuilder};
use serde_json::Value;

/// Client of one server.
pub struct Visitor {
    client: Client,
    server: String,
}

impl Visitor {
    /// Creates a client of the server at an address.
    pub fn new(server: SocketAddr) -> anyhow::Result<Visitor> {
        // Another thread may have installed a provider first. Without certificates no TLS server is
        // trusted; plain HTTP needs none.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().tls_certs_only([]).no_proxy().build()?;
        Ok(Visitor {
            client,
            server: format!("http://{server}"),
        })
    }

    /// Sends GET and returns the response document.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        answer(self.client.get(self.url(path))).await
    }

    /// Sends POST with a document and returns the response document.
    pub async fn post(&self, path: &str, document: &Value) -> anyhow::Result<Value> {
        let request = self
            .client
            .post(self.url(path))
            .header("content-type", "application/json");
        answer(request.body(document.to_string())).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server)
    }
}

async fn answer(request: RequestBuilder) -> anyhow::Result<Value> {
    let response = request.send().await.context("the demo's server is gone")?;
    let (status, path) = (response.status(), response.url().path().to_owned());
    let text = response.text().await?;
    if !status.is_success() {
        bail!("{path} answered {status}: {text}");
    }
    serde_json::from_str(&text).with_context(|| format!("{path} answered what is no JSON"))
}
