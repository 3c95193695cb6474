//! Bodies on their way in: what they may be, and how much of it.

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

/// Bodies up to this size are answered on the thread that read them: a hundred rows, half a millisecond. Others would keep
/// it from everybody else.
pub const SMALL: usize = FREE;

/// How long a body may take to arrive: the largest over a slow line (16 MiB at 2.3 Mbit/s).
const WHOLE: Duration = Duration::from_secs(60);

/// How long a body may make no progress.
const IDLE: Duration = Duration::from_secs(10);

/// Formats that rows come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `application/json`
    Json,
    /// `application/x-ndjson`
    JsonLines,
    /// `text/csv`
    Csv,
    /// [`crate::pulls::intake::MEDIA_TYPE`]
    Batch,
}

impl Format {
    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::JsonLines => "application/x-ndjson",
            Format::Csv => "text/csv",
            Format::Batch => crate::pulls::intake::MEDIA_TYPE,
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

/// Whether a body comes with a request.
pub fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    headers.contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|length| length != "0")
}

/// About how many rows a body holds, by what stands between them: what its work costs is judged before it is read.
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
        "{got}; taken here: {}, in UTF-8 or a charset that is named and known, such as windows-1252",
        names.join(", ")
    );
    Problem::new(&kind::MEDIA_TYPE, detail).header(header::ACCEPT, names.join(", "))
}

/// Marks a request that has no place among those in flight until its body is there.
#[derive(Clone, Copy, Debug)]
pub struct AwaitsPlace;

/// A body that was read, with what it takes of the budget.
#[derive(Debug)]
pub struct Body {
    /// The bytes.
    pub bytes: Bytes,
    _kept: Kept,
}

/// Takes bodies in: each within its limits, all together within the budget.
#[derive(Clone, Debug)]
pub struct Intake {
    limit: usize,
    budget: Budget,
    inflight: Inflight,
}

impl Intake {
    /// Bodies of at most `limit` bytes.
    pub fn new(limit: usize, budget: Budget, inflight: Inflight) -> Intake {
        Intake {
            limit,
            budget,
            inflight,
        }
    }

    /// The same for bodies of at most so many bytes.
    pub fn limited(&self, limit: usize) -> Intake {
        Intake {
            limit,
            ..self.clone()
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

    /// Reads a body; once it is there, its request has a place among those in flight.
    ///
    /// # Errors
    /// 413 over the limit, 503 beyond the budget or without a place, 408 when it does not arrive, 400 when it breaks off.
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
        // A small body has mostly come together with its head: then no timer is set up for it.
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

    /// Reads a document of JSON that may be left out; then no type is needed either.
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

    /// Nearly always there is one chunk, which is passed on as it is.
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
                    format!("the body broke off: {error}; send it again"),
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

/// What is read, unless it takes too long or makes no progress.
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
                "the body did not come: it has {} s, and {} s without progress; send it again",
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
