//! Sends requests one at a time, with retries; each yields a complete response or an error.

use std::time::Duration;

use reqwest::header;
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Response, StatusCode};
use tokio::runtime::Runtime;
use url::Url;

use super::answer::{self, Answer, LARGEST};
use crate::ingest::error::ReadError;
use crate::ingest::source::address::masked;
use crate::ingest::source::retry::{self, Failure};
use crate::ingest::source::runtime;
use crate::ingest::source::world::World;

/// Limit for a whole response, as a multiple of the read timeout: a server that sends slowly must not block a pull for ever.
const WHOLE: u32 = 20;

/// An HTTP client with its runtime and its retry settings.
pub(super) struct Session<'w> {
    runtime: Runtime,
    client: Client,
    world: &'w dyn World,
    retries: u32,
    timeout: Duration,
}

impl<'w> Session<'w> {
    pub(super) fn open(
        url: &Url,
        timeout: Duration,
        retries: u32,
        world: &'w dyn World,
    ) -> Result<Session<'w>, ReadError> {
        let failed = |why: String| ReadError::remote(&masked(url.as_str()), why);
        // Only the first installation in a process takes effect. If another part has installed a provider, that
        // one works as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("titanic-platform/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(timeout)
            .read_timeout(timeout)
            .timeout(timeout.saturating_mul(WHOLE))
            .redirect(Policy::custom(same_server));
        if url.scheme() == "http" {
            // Plain HTTP needs no certificates, so the system's certificate store is not read.
            builder = builder.tls_certs_only([]);
        }
        Ok(Session {
            runtime: runtime::new().map_err(failed)?,
            client: builder.build().map_err(|e| failed(cause(&e)))?,
            world,
            retries,
            timeout,
        })
    }

    /// Fetches an address; `None` if the server does not have it and `may_be_absent` is set.
    pub(super) fn get(
        &self,
        url: &Url,
        tag: Option<&str>,
        may_be_absent: bool,
    ) -> Result<Option<Answer>, ReadError> {
        let name = masked(url.as_str());
        retry::persist(&name, self.retries, self.world, || {
            let once = self.once(url, tag, may_be_absent);
            runtime::run(&self.runtime, self.world, once)
        })
    }

    async fn once(
        &self,
        url: &Url,
        tag: Option<&str>,
        may_be_absent: bool,
    ) -> Result<Option<Answer>, Failure> {
        let mut request = self
            .client
            .get(url.clone())
            .header(header::ACCEPT, "application/json, text/csv, */*;q=0.5")
            .header(header::ACCEPT_ENCODING, "gzip, zstd");
        if let Some(tag) = tag {
            request = request.header(header::IF_NONE_MATCH, tag);
        }
        let mut response = request.send().await.map_err(|e| self.failure(&e))?;
        let status = response.status();
        if status == StatusCode::NOT_FOUND && may_be_absent {
            return Ok(None);
        }
        if !status.is_success() && status != StatusCode::NOT_MODIFIED {
            let said = self.body(&mut response, 1 << 10).await.unwrap_or_default();
            return Err(answer::refused(status, response.headers(), &said));
        }
        let mut answer = Answer::of(&response);
        if status != StatusCode::NOT_MODIFIED {
            let body = self.body(&mut response, LARGEST).await?;
            answer.body = Some(answer::unpacked(body)?);
        }
        Ok(Some(answer))
    }

    /// Reads the complete body; a body shorter than its announced length is an error.
    async fn body(&self, response: &mut Response, most: u64) -> Result<Vec<u8>, Failure> {
        if response.content_length().is_some_and(|n| n > most) {
            return Err(answer::too_large());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.failure(&e))? {
            body.extend_from_slice(&chunk);
            if body.len() as u64 > most {
                return Err(answer::too_large());
            }
        }
        Ok(body)
    }

    fn failure(&self, error: &reqwest::Error) -> Failure {
        let timeout = self.timeout.as_secs_f64();
        match error {
            e if e.is_redirect() || e.is_builder() => Failure::lasting(cause(e)),
            e if e.is_timeout() && e.is_connect() => {
                Failure::passing(format!("no connection within {timeout} s"))
            }
            e if e.is_timeout() => Failure::passing(format!("no answer within {timeout} s")),
            e if e.is_connect() => Failure::passing(format!("no connection: {}", cause(e))),
            e => Failure::passing(format!("the response is incomplete: {}", cause(e))),
        }
    }
}

/// Follows redirects within the same server only: another server must neither receive the credentials nor supply the rows.
fn same_server(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    const MOST: usize = 5;
    let first = &attempt.previous()[0];
    if attempt.url().origin() != first.origin() {
        let to = masked(attempt.url().as_str());
        return attempt.error(format!(
            "it redirects to {to}, another server, which is not followed; give that address if it is meant"
        ));
    }
    match attempt.previous().len() > MOST {
        true => attempt.error("it redirects again and again"),
        false => attempt.follow(),
    }
}

/// The innermost cause of an error, which is the specific one; the outer causes would repeat the address.
fn cause(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |e| e.source());
    causes.last().map_or_else(String::new, ToString::to_string)
}
