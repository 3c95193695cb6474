//! One request after another, each with its retries: what comes back is a whole answer or a fault.

use std::io::Read;
use std::time::Duration;

use reqwest::header::{self, HeaderMap};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Response, StatusCode};
use tokio::runtime::Runtime;
use url::Url;

use crate::ingest::ReadFault;
use crate::ingest::source::address::masked;
use crate::ingest::source::retry::{self, Failure};
use crate::ingest::source::{World, compression, runtime};
use crate::schema::fault::excerpt;

/// Largest answer that is read, as sent and unpacked: it is kept in memory as a whole.
pub(super) const LARGEST: u64 = 64 << 20;

/// A whole answer may take so many times the longest silence: a server that trickles must not hold a pull for ever.
const WHOLE: u32 = 20;

/// A whole answer.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// Path of the address, for its ending.
    pub path: String,
    /// `Content-Type` without parameters, in lower case.
    pub media_type: String,
    /// `ETag`.
    pub etag: Option<String>,
    /// `Link` headers.
    pub links: Vec<String>,
    /// The body, unpacked; none if it has not changed.
    pub body: Option<Vec<u8>>,
}

/// A client and what it needs to wait.
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
    ) -> Result<Session<'w>, ReadFault> {
        let failed = |why: String| ReadFault::remote(&masked(url.as_str()), why);
        // The first to install wins; whoever did installed one that works.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .user_agent(concat!("titanic-platform/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(timeout)
            .read_timeout(timeout)
            .timeout(timeout.saturating_mul(WHOLE))
            .redirect(Policy::custom(same_server));
        if url.scheme() == "http" {
            // Without TLS, certificates need not be there, let alone be read.
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

    /// Fetches an address; none if it is not there and `may_be_absent`.
    pub(super) fn get(
        &self,
        url: &Url,
        tag: Option<&str>,
        may_be_absent: bool,
    ) -> Result<Option<Answer>, ReadFault> {
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
            return Err(refused(status, response.headers(), &said));
        }
        let mut answer = about(&response);
        if status != StatusCode::NOT_MODIFIED {
            let body = self.body(&mut response, LARGEST).await?;
            answer.body = Some(unpacked(body)?);
        }
        Ok(Some(answer))
    }

    /// The body to its end: one that is shorter than promised is a failure.
    async fn body(&self, response: &mut Response, most: u64) -> Result<Vec<u8>, Failure> {
        if response.content_length().is_some_and(|n| n > most) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.failure(&e))? {
            body.extend_from_slice(&chunk);
            if body.len() as u64 > most {
                return Err(too_large());
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
            e => Failure::passing(format!("the answer broke off: {}", cause(e))),
        }
    }
}

/// Follows redirects within the same server only: another one must not see the credentials, nor give the rows.
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

fn about(response: &Response) -> Answer {
    let headers = response.headers();
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    let media_type = text(header::CONTENT_TYPE).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default();
    let links = headers.get_all(header::LINK).iter();
    Answer {
        path: response.url().path().to_owned(),
        media_type: media_type.trim().to_ascii_lowercase(),
        etag: text(header::ETAG).map(str::to_owned),
        links: links
            .filter_map(|v| v.to_str().ok())
            .map(str::to_owned)
            .collect(),
        body: None,
    }
}

fn unpacked(body: Vec<u8>) -> Result<Vec<u8>, Failure> {
    let failed =
        |e: std::io::Error| Failure::passing(format!("the answer cannot be unpacked: {e}"));
    let mut plain = Vec::new();
    compression::plain(body.as_slice())
        .and_then(|source| source.take(LARGEST + 1).read_to_end(&mut plain))
        .map_err(failed)?;
    match plain.len() as u64 > LARGEST {
        true => Err(too_large()),
        false => Ok(plain),
    }
}

fn too_large() -> Failure {
    Failure::lasting(format!(
        "the answer has more than {} MiB, the most that is read at once; ask for smaller pages",
        LARGEST >> 20
    ))
}

fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
    let said = String::from_utf8_lossy(body);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    let why = match said.is_empty() {
        true => format!("it answers {status}"),
        false => format!("it answers {status}: {}", excerpt(&said)),
    };
    Failure {
        again: matches!(status.as_u16(), 408 | 425 | 429 | 500 | 502 | 503 | 504),
        after: retry_after(headers),
        why,
    }
}

/// `Retry-After` in seconds, or as a date: then counted from the server's own `Date`, whose clock may differ from ours.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    let asked = text(header::RETRY_AFTER)?.trim();
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text: &str| jiff::fmt::rfc2822::parse(text).ok().map(|z| z.timestamp());
    let wait = date(asked)?.as_second() - date(text(header::DATE)?)?.as_second();
    Some(Duration::from_secs(wait.try_into().unwrap_or(0)))
}

/// The innermost cause, which is the one that says something; the outer ones would repeat the address.
fn cause(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |e| e.source());
    causes.last().map_or_else(String::new, ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_says_how_long_to_wait() {
        let check = |after: &str, date: &str, expected: Option<u64>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, after.parse().unwrap());
            headers.insert(header::DATE, date.parse().unwrap());
            assert_eq!(
                retry_after(&headers),
                expected.map(Duration::from_secs),
                "{after}"
            );
        };
        let now = "Sun, 06 Nov 1994 08:49:37 GMT";
        check("7", now, Some(7));
        check("Sun, 06 Nov 1994 08:50:00 GMT", now, Some(23));
        check("Sun, 06 Nov 1994 08:00:00 GMT", now, Some(0));
        check("soon", now, None);
        check("Sun, 06 Nov 1994 08:50:00 GMT", "never", None);
        check("-1", now, None);
    }
}
