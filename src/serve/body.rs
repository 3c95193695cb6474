//! Bodies on their way in: what they may be, and how much of it.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::{Problem, kind};
use crate::schema::dialect::{Encoding, decode};

/// Bodies up to this size are answered on the thread that read them: a hundred rows, half a millisecond. Others would keep
/// it from everybody else.
pub const SMALL: usize = 32 << 10;

/// How long a body may take to arrive: the largest over a slow line (16 MiB at 2 Mbit/s).
const PATIENCE: Duration = Duration::from_secs(64);

/// Largest bodies that are held at the same time.
const LARGEST_AT_ONCE: usize = 16;

/// Formats that rows come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `application/json`
    Json,
    /// `application/x-ndjson`
    JsonLines,
    /// `text/csv`
    Csv,
    /// [`crate::control::intake::MEDIA_TYPE`]
    Batch,
}

impl Format {
    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::JsonLines => "application/x-ndjson",
            Format::Csv => "text/csv",
            Format::Batch => crate::control::intake::MEDIA_TYPE,
        }
    }
}

/// Where rows go in.
pub const ROWS: &[Format] = &[Format::Json, Format::Csv, Format::JsonLines];

/// Where rows are kept.
pub const KEPT_ROWS: &[Format] = &[Format::Json, Format::Csv, Format::JsonLines, Format::Batch];

/// Everywhere else.
pub const DOCUMENT: &[Format] = &[Format::Json];

/// The format a request says its body is in.
///
/// # Errors
/// 415, naming what is taken: no type, another type, another charset, a content encoding.
pub fn format(headers: &HeaderMap, taken: &'static [Format]) -> Result<Format, Problem> {
    let given = headers
        .get(header::CONTENT_TYPE)
        .map_or(&b""[..], |value| value.as_bytes());
    let found = taken
        .iter()
        .find(|format| format.media_type().as_bytes() == given);
    match found.copied().or_else(|| with_parameters(given, taken)) {
        Some(format) if is_plain(headers) => Ok(format),
        Some(_) => Err(not_taken(
            "a content encoding is not taken; send the body as it is",
            taken,
        )
        .header(header::ACCEPT_ENCODING, "identity")),
        None if given.is_empty() => Err(not_taken("no Content-Type", taken)),
        None => Err(not_taken(
            &format!("{:?}", String::from_utf8_lossy(given)),
            taken,
        )),
    }
}

fn with_parameters(given: &[u8], taken: &[Format]) -> Option<Format> {
    let given = std::str::from_utf8(given).ok()?;
    let essence = given.split(';').next().unwrap_or_default();
    let is = |format: &&Format| essence.trim().eq_ignore_ascii_case(format.media_type());
    let known = charset(given).is_none_or(|name| Encoding::named(name).is_ok());
    taken.iter().find(is).copied().filter(|_| known)
}

/// The charset that a media type names.
fn charset(media_type: &str) -> Option<&str> {
    let parameters = media_type.split(';').skip(1);
    let mut pairs = parameters.filter_map(|parameter| parameter.split_once('='));
    let (_, value) = pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case("charset"))?;
    Some(value.trim().trim_matches('"'))
}

/// A body as UTF-8, where its media type names another charset.
fn decoded(headers: &HeaderMap, bytes: Bytes) -> Result<Bytes, Problem> {
    let media_type = headers.get(header::CONTENT_TYPE);
    let name = media_type.and_then(|value| charset(value.to_str().ok()?));
    let (name, encoding) = match name.map(|name| (name, Encoding::named(name))) {
        Some((name, Ok(encoding))) => (name, encoding),
        Some((_, Err(_))) => return Ok(bytes), // it is refused with the media type
        None if decode::is_marked(&bytes) => ("a text with a byte-order mark", Encoding::Auto),
        None => return Ok(bytes),
    };
    match decode::whole(&bytes, encoding) {
        Ok(None) => Ok(bytes),
        Ok(Some(text)) => Ok(text.into()),
        Err(fault) => {
            let detail = format!("the body is declared as {name}: {fault}");
            Err(Problem::new(&kind::UNREADABLE, detail))
        }
    }
}

fn is_plain(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_ENCODING)
        .is_none_or(|coding| coding == "identity")
}

fn not_taken(got: &str, taken: &[Format]) -> Problem {
    let names: Vec<&str> = taken.iter().map(|format| format.media_type()).collect();
    let detail = format!(
        "{got}; taken here: {}, in UTF-8 or a charset that is named and known, such as windows-1252",
        names.join(", ")
    );
    Problem::new(&kind::MEDIA_TYPE, detail).header(header::ACCEPT, names.join(", "))
}

/// A body that was read, with the room it takes.
#[derive(Debug)]
pub struct Body {
    /// The bytes.
    pub bytes: Bytes,
    _room: Option<OwnedSemaphorePermit>,
}

/// Takes bodies in: each within its limit, all large ones together within theirs.
#[derive(Clone, Debug)]
pub struct Intake {
    limit: usize,
    /// In KiB.
    room: Arc<Semaphore>,
}

impl Intake {
    /// Bodies of at most `limit` bytes.
    pub fn new(limit: usize) -> Intake {
        let room = (kib(limit) as usize).saturating_mul(LARGEST_AT_ONCE);
        Intake {
            limit,
            room: Arc::new(Semaphore::new(room.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// Checks the length that a head declares.
    ///
    /// # Errors
    /// 413 over the limit.
    pub fn admit(&self, headers: &HeaderMap) -> Result<(), Problem> {
        match declared(headers) {
            Some(length) if length > self.limit => Err(self.too_large()),
            _ => Ok(()),
        }
    }

    /// Reads a body.
    ///
    /// # Errors
    /// 413 over the limit, 503 when too many large ones are held already, 408 when it does not arrive, 400 when it breaks
    /// off.
    pub async fn read(&self, headers: &HeaderMap, payload: &mut Payload) -> Result<Body, Problem> {
        self.admit(headers)?;
        let declared = declared(headers);
        let mut room = None;
        if let Some(length) = declared.filter(|length| *length > SMALL) {
            room = Some(self.take_room(length)?);
        }
        let mut read = std::pin::pin!(self.collect(payload, room));
        // A small body has mostly come together with its head: then no timer is set up for it.
        let body = match futures_util::poll!(read.as_mut()) {
            Poll::Ready(body) => body,
            Poll::Pending => tokio::time::timeout(PATIENCE, read).await.map_err(|_| {
                let detail = format!(
                    "not all of it came within {} s; send it again",
                    PATIENCE.as_secs()
                );
                Problem::new(&kind::TIMEOUT, detail).header(header::CONNECTION, "close")
            })?,
        };
        let Body { bytes, _room } = body?;
        let bytes = decoded(headers, bytes)?;
        Ok(Body { bytes, _room })
    }

    /// Reads a document of JSON that may be left out; then no type is needed either.
    ///
    /// # Errors
    /// As [`Intake::read`] and [`format()`].
    pub async fn read_document(
        &self,
        headers: &HeaderMap,
        payload: &mut Payload,
    ) -> Result<Bytes, Problem> {
        if headers.contains_key(header::CONTENT_TYPE) {
            format(headers, DOCUMENT)?;
        }
        let body = self.read(headers, payload).await?;
        if !body.bytes.is_empty() {
            format(headers, DOCUMENT)?;
        }
        Ok(body.bytes)
    }

    /// Nearly always there is one chunk, which is passed on as it is.
    async fn collect(
        &self,
        payload: &mut Payload,
        mut room: Option<OwnedSemaphorePermit>,
    ) -> Result<Body, Problem> {
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|error| {
                Problem::new(
                    &kind::BAD_REQUEST,
                    format!("the body broke off: {error}; send it again"),
                )
            })?;
            let length = first.len() + rest.len() + chunk.len();
            if length > self.limit {
                return Err(self.too_large());
            }
            if length > SMALL && room.is_none() {
                room = Some(self.take_room(self.limit)?);
            }
            if first.is_empty() && rest.is_empty() {
                first = chunk;
            } else {
                rest.extend_from_slice(&std::mem::take(&mut first));
                rest.extend_from_slice(&chunk);
            }
        }
        let bytes = if rest.is_empty() {
            first
        } else {
            rest.freeze()
        };
        Ok(Body { bytes, _room: room })
    }

    fn take_room(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let taken = self.room.clone().try_acquire_many_owned(kib(bytes));
        taken.map_err(|_| {
            Problem::overloaded(
                "too many large bodies are being answered; send it again in a moment",
            )
        })
    }

    fn too_large(&self) -> Problem {
        let detail = format!(
            "more than {} bytes; send it in parts, or raise server.limits.body",
            self.limit
        );
        Problem::new(&kind::TOO_LARGE, detail)
    }
}

fn declared(headers: &HeaderMap) -> Option<usize> {
    headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok())
}

fn kib(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    #[test]
    fn media_types() {
        let check = |given: Option<&'static str>, expected: Option<Format>| {
            let mut headers = HeaderMap::new();
            given
                .map(|given| headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(given)));
            assert_eq!(format(&headers, ROWS).ok(), expected, "{given:?}");
        };
        check(Some("application/json"), Some(Format::Json));
        check(Some("Application/JSON; charset=UTF-8"), Some(Format::Json));
        check(
            Some("text/csv;header=present;charset=\"utf-8\""),
            Some(Format::Csv),
        );
        check(Some("application/x-ndjson"), Some(Format::JsonLines));
        check(Some("application/json; charset=UTF8"), Some(Format::Json));
        check(Some("application/json; charset=latin1"), Some(Format::Json));
        check(Some("text/csv; charset=Windows-1252"), Some(Format::Csv));
        check(Some("text/csv; charset=klingon"), None);
        check(Some("text/csv; charset="), None);
        check(Some("text/plain"), None);
        check(Some("application/x-www-form-urlencoded"), None);
        check(None, None);
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        );
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        assert!(format(&headers, ROWS).is_err());
    }
}
