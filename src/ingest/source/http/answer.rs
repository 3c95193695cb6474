//! The parts of an HTTP response that a source uses, and the interpretation of error statuses.

use std::io::Read;
use std::time::Duration;

use reqwest::header::{self, HeaderMap};
use reqwest::{Response, StatusCode};

use crate::ingest::compression;
use crate::ingest::source::retry::Failure;
use crate::schema::fault::excerpt;

/// Maximum size in bytes of a response, both as sent and decompressed; it is held in memory as a whole.
pub(super) const LARGEST: u64 = 64 << 20;

#[derive(Debug, Default)]
pub(super) struct Answer {
    /// Path of the final address, for its file extension.
    pub path: String,
    /// `Content-Type` without parameters, in lower case.
    pub media_type: String,
    pub charset: Option<String>,
    pub etag: Option<String>,
    pub links: Vec<String>,
    /// The decompressed body; `None` if the server reports that it has not changed.
    pub body: Option<Vec<u8>>,
}

impl Answer {
    pub(super) fn of(response: &Response) -> Answer {
        let headers = response.headers();
        let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
        let mut parts = text(header::CONTENT_TYPE).unwrap_or_default().split(';');
        let media_type = parts.next().unwrap_or_default();
        let charset = parts.find_map(|part| {
            let (key, value) = part.split_once('=')?;
            let value = value.trim().trim_matches('"');
            (key.trim().eq_ignore_ascii_case("charset") && !value.is_empty())
                .then(|| value.to_owned())
        });
        let links = headers.get_all(header::LINK).iter();
        Answer {
            path: response.url().path().to_owned(),
            media_type: media_type.trim().to_ascii_lowercase(),
            charset,
            etag: text(header::ETAG).map(str::to_owned),
            links: links
                .filter_map(|v| v.to_str().ok())
                .map(str::to_owned)
                .collect(),
            body: None,
        }
    }
}

pub(super) fn unpacked(body: Vec<u8>) -> Result<Vec<u8>, Failure> {
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

pub(super) fn too_large() -> Failure {
    Failure::lasting(format!(
        "the answer has more than {} MiB, the most that is read at once; ask for smaller pages",
        LARGEST >> 20
    ))
}

pub(super) fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
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

/// The `Retry-After` header, in seconds or as a date. A date is taken relative to the server's own `Date` header, because
/// the server's clock may differ from the local one.
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
