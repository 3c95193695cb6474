//! HTTP client of the demo, which uses the server's REST API like any other client.

use anyhow::{Context, bail};
use reqwest::{Client, RequestBuilder};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::cli::endpoint;
use crate::serve::address::ServerUrl;

/// Client of one server.
pub struct Visitor {
    client: Client,
    server: String,
}

impl Visitor {
    /// Creates a client of the server at a URL.
    pub fn new(server: String) -> anyhow::Result<Visitor> {
        let client = endpoint::client(&ServerUrl::Http(server.clone())).build()?;
        Ok(Visitor { client, server })
    }

    /// What a path answers.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        answer(self.client.get(self.url(path))).await
    }

    /// What a path answers to a document.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        document: &Value,
    ) -> anyhow::Result<T> {
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

async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> anyhow::Result<T> {
    let response = request.send().await.context("the demo's server is gone")?;
    let (status, path) = (response.status(), response.url().path().to_owned());
    let text = response.text().await?;
    if !status.is_success() {
        bail!("{path} answered {status}: {text}");
    }
    serde_json::from_str(&text).with_context(|| format!("the response to {path} is not understood"))
}
