//! Reading request bodies: accepted formats, size limits and time limits.

use std::cell::Cell;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{HttpMessage, HttpRequest};
use futures_util::StreamExt;
use tokio::time::{Instant, timeout_at};

use super::budget::{Budget, FREE, Kept};
use super::inflight::Inflight;
use super::problem::{Problem, kind};
use super::stream;
use crate::schema::dialect::{Encoding, decode};
use crate::schema::fault::excerpt;

/// Bodies of up to this many bytes are handled on the serving thread that read them: about a hundred rows, half a
/// millisecond. Larger ones would block that thread for other clients.
pub const SMALL: usize = FREE;

/// Maximum time for a body to arrive, enough for the largest body over a slow connection (16 MiB at 2.3 Mbit/s).
const WHOLE: Duration = Duration::from_secs(60);

/// Maximum time without any new bytes of a body.
const IDLE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    JsonLines,
    Csv,
    Batch,
}

impl Format {
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::JsonLines => "application/x-ndjson",
            Format::Csv => "text/csv",
            Format::Batch => crate::pulls::intake::MEDIA_TYPE,
        }
    }
}

/// Formats of rows to predict.
pub const ROWS: &[Format] = &[Format::Json, Format::Csv, Format::JsonLines];

/// Formats of rows to store.
pub const KEPT_ROWS: &[Format] = &[Format::Json, Format::Csv, Format::JsonLines, Format::Batch];

/// Format of all other bodies.
pub const DOCUMENT: &[Format] = &[Format::Json];

/// The body format that a request declares.
///
/// # Errors
/// 415, listing the accepted formats: for a missing or unknown media type, an unknown charset, or a content encoding.
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
            "a content encoding is not accepted; send the body as it is",
            taken,
        )
        .header(header::ACCEPT_ENCODING, "identity")),
        None if given.is_empty() => Err(not_taken("no Content-Type", taken)),
        None => Err(not_taken(
            &format!("{:?}", excerpt(&String::from_utf8_lossy(given))),
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

/// Converts a body to UTF-8 if its media type names another charset or the body starts with a byte-order mark.
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

/// Whether the headers announce a body.
pub fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    headers.contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|length| length != "0")
}

/// Estimates the number of rows of a body from its separators. Admission needs the number before the body is parsed.
pub fn about_rows(format: Format, bytes: &[u8]) -> usize {
    let between = match format {
        Format::Json => b'{',
        Format::JsonLines | Format::Csv | Format::Batch => b'\n',
    };
    let found = bytes.iter().filter(|byte| **byte == between).count();
    found.max(1)
}

fn is_plain(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_ENCODING)
        .is_none_or(|coding| coding == "identity")
}

fn not_taken(got: &str, taken: &[Format]) -> Problem {
    let names: Vec<&str> = taken.iter().map(|format| format.media_type()).collect();
    let detail = format!(
        "{got}; accepted here: {}, in UTF-8 or another charset that Content-Type names, such as windows-1252",
        names.join(", ")
    );
    Problem::new(&kind::MEDIA_TYPE, detail).header(header::ACCEPT, names.join(", "))
}

/// Request extension that marks a request which takes its in-flight place only once its body has arrived.
#[derive(Clone, Copy, Debug)]
pub struct AwaitsPlace;

/// A body with its share of the memory budget.
#[derive(Debug)]
pub struct Body {
    pub bytes: Bytes,
    _kept: Kept,
}

/// Reads bodies: each within its size and time limits, all together within the memory budget.
#[derive(Clone, Debug)]
pub struct Intake {
    limit: usize,
    budget: Budget,
    inflight: Inflight,
}

impl Intake {
    /// Creates a reader for bodies of at most `limit` bytes.
    pub fn new(limit: usize, budget: Budget, inflight: Inflight) -> Intake {
        Intake {
            limit,
            budget,
            inflight,
        }
    }

    /// The size limit in bytes.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// The same reader with another size limit in bytes.
    pub fn limited(&self, limit: usize) -> Intake {
        Intake {
            limit,
            ..self.clone()
        }
    }

    /// Checks the declared content length.
    ///
    /// # Errors
    /// 413 when it exceeds the limit.
    pub fn admit(&self, headers: &HeaderMap) -> Result<(), Problem> {
        match declared(headers) {
            Some(length) if length > self.limit => Err(self.too_large()),
            _ => Ok(()),
        }
    }

    /// Reads a body. If the request is marked with [`AwaitsPlace`], it takes its in-flight place once the body has arrived.
    ///
    /// # Errors
    /// 413 over the size limit, 503 when the memory budget or the in-flight places are used up, 408 when the body does not
    /// arrive in time, 400 when it is incomplete.
    pub async fn read(
        &self,
        request: &HttpRequest,
        payload: &mut Payload,
    ) -> Result<Body, Problem> {
        let headers = request.headers();
        self.admit(headers)?;
        let declared = declared(headers);
        let progress = Cell::new(Instant::now());
        let mut read = std::pin::pin!(self.collect(payload, &progress));
        // A small body has usually arrived together with its head and needs no timer.
        let body = match futures_util::poll!(read.as_mut()) {
            Poll::Ready(body) => body,
            Poll::Pending => {
                let mut slow = Kept::default();
                self.budget
                    .take(&mut slow, declared.unwrap_or(FREE).min(FREE))?;
                within(read, &progress).await
            }
        };
        let Body { bytes, mut _kept } = body?;
        stream::of(request).into_iter().for_each(|c| c.body_read());
        let awaits = request.extensions_mut().remove::<AwaitsPlace>();
        if awaits.is_some() {
            let place = self.inflight.enter()?;
            request.extensions_mut().insert(place);
        }
        let before = bytes.as_ptr();
        let bytes = decoded(headers, bytes)?;
        if bytes.as_ptr() != before && bytes.len() > FREE {
            self.budget.take(&mut _kept, bytes.len())?;
        }
        Ok(Body { bytes, _kept })
    }

    /// Reads an optional JSON document. Without a body, no content type is required.
    ///
    /// # Errors
    /// As [`Intake::read`] and [`format()`].
    pub async fn read_document(
        &self,
        request: &HttpRequest,
        payload: &mut Payload,
    ) -> Result<Bytes, Problem> {
        if request.headers().contains_key(header::CONTENT_TYPE) {
            format(request.headers(), DOCUMENT)?;
        }
        let body = self.read(request, payload).await?;
        if !body.bytes.is_empty() {
            format(request.headers(), DOCUMENT)?;
        }
        Ok(body.bytes)
    }

    /// Collects the chunks of a body. Nearly every body is a single chunk, which is returned without a copy.
    async fn collect(
        &self,
        payload: &mut Payload,
        progress: &Cell<Instant>,
    ) -> Result<Body, Problem> {
        let (mut first, mut rest) = (Bytes::new(), BytesMut::new());
        let (mut kept, mut taken) = (Kept::default(), 0);
        let mut take = |length: usize| {
            if length <= FREE || length <= taken {
                return Ok(());
            }
            let more = length - taken;
            taken = length;
            self.budget.take(&mut kept, more)
        };
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|error| {
                Problem::new(
                    &kind::BAD_REQUEST,
                    format!("the body is incomplete: {error}; send it again"),
                )
            })?;
            progress.set(Instant::now());
            let length = first.len() + rest.len() + chunk.len();
            if length > self.limit {
                return Err(self.too_large());
            }
            take(length)?;
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
        Ok(Body { bytes, _kept: kept })
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

/// The result of reading a body, or 408 when it exceeds [`WHOLE`] in total or [`IDLE`] without progress.
async fn within(
    mut read: Pin<&mut impl Future<Output = Result<Body, Problem>>>,
    progress: &Cell<Instant>,
) -> Result<Body, Problem> {
    let end = Instant::now() + WHOLE;
    loop {
        let deadline = end.min(progress.get() + IDLE);
        if let Ok(body) = timeout_at(deadline, read.as_mut()).await {
            return body;
        }
        if Instant::now() >= end.min(progress.get() + IDLE) {
            let detail = format!(
                "the body did not arrive in time: it has {} s, and {} s without progress; send it again",
                WHOLE.as_secs(),
                IDLE.as_secs()
            );
            return Err(Problem::new(&kind::TIMEOUT, detail).header(header::CONNECTION, "close"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::ResponseError;
    use actix_web::http::StatusCode;
    use actix_web::http::header::HeaderValue;
    use tokio::time::sleep;

    #[tokio::test(start_paused = true)]
    async fn b3_a_body_has_ten_seconds_without_progress_and_sixty_in_all() {
        let after = async |pieces: u32, each: Duration| {
            let (begun, progress) = (Instant::now(), Cell::new(Instant::now()));
            let read = async {
                for _ in 0..pieces {
                    sleep(each).await;
                    progress.set(Instant::now());
                }
                let bytes = Bytes::from_static(b"{}");
                let _kept = Kept::default();
                Ok(Body { bytes, _kept })
            };
            let read = within(std::pin::pin!(read), &progress).await;
            let status = read.map_err(|problem| problem.status_code());
            (status.map(|_| ()).err(), begun.elapsed().as_secs())
        };
        let slow = Some(StatusCode::REQUEST_TIMEOUT);
        assert_eq!(after(1, Duration::from_secs(9)).await, (None, 9));
        assert_eq!(after(6, Duration::from_secs(9)).await, (None, 54));
        assert_eq!(after(1, Duration::from_secs(11)).await, (slow, 10));
        assert_eq!(after(7, Duration::from_secs(9)).await, (slow, 60));
    }

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
