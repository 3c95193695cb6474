//! Problem documents of RFC 9457: what every request gets that has no answer.
//!
//! Domain errors become problems here and nowhere else.

mod entry;
mod faults;
mod from;
pub mod kind;

use std::borrow::Cow;
use std::fmt::{self, Display};

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use crate::schema::fault::cut;
pub use entry::{Cell, Entry, escape};
pub use faults::{Faults, MOST_LISTED};
pub use kind::Kind;

/// Media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Characters of a detail; ours are far shorter.
const LONGEST: usize = 2_000;

/// The document of a problem.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub struct Document<'p> {
    /// Where the documentation tells of problems of its kind.
    #[serde(rename = "type")]
    pub uri: Cow<'p, str>,
    /// The same for every problem of the kind.
    pub title: Cow<'p, str>,
    /// The status of the response.
    pub status: u16,
    /// What is wrong with this request, and what to do.
    pub detail: Cow<'p, str>,
    /// The faults one by one, where there are any.
    pub errors: Cow<'p, [Entry]>,
}

/// A request without an answer.
#[derive(Debug)]
pub struct Problem {
    kind: &'static Kind,
    detail: String,
    errors: Vec<Entry>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem with a sentence that says what to do. Whatever of the request it quotes, it stays short.
    pub fn new(kind: &'static Kind, detail: impl Into<String>) -> Problem {
        Problem {
            kind,
            detail: cut(detail.into(), LONGEST),
            errors: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// The same, with the faults one by one.
    pub fn with(mut self, errors: Vec<Entry>) -> Problem {
        self.errors = errors;
        self
    }

    /// The same, with a header. Text that cannot stand in a header is left out.
    pub fn header(mut self, name: HeaderName, value: impl AsRef<str>) -> Problem {
        self.headers.extend(
            HeaderValue::from_str(value.as_ref())
                .ok()
                .map(|value| (name, value)),
        );
        self
    }

    /// Too much at once: worth another try in a moment.
    pub fn overloaded(detail: impl Into<String>) -> Problem {
        Problem::new(&kind::OVERLOADED, detail).header(header::RETRY_AFTER, "1")
    }

    /// No model yet, or none any more.
    pub fn not_ready(detail: impl Into<String>) -> Problem {
        Problem::new(&kind::NOT_READY, detail).header(header::RETRY_AFTER, "1")
    }

    /// A defect of ours: told in the log, not to the caller.
    pub fn internal(error: impl Display) -> Problem {
        tracing::error!(%error, "request failed with an internal error");
        Problem::new(&kind::INTERNAL, "the log of the server has more")
    }

    fn document(&self) -> Document<'_> {
        Document {
            uri: self.kind.uri().into(),
            title: self.kind.title.into(),
            status: self.kind.status,
            detail: (&*self.detail).into(),
            errors: (&*self.errors).into(),
        }
    }

    /// The document as text.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("its keys are text")
    }

    /// The answer.
    pub fn response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.kind.code());
        response.insert_header((header::CONTENT_TYPE, MEDIA_TYPE));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        for (name, value) in &self.headers {
            response.append_header((name, value));
        }
        response.body(self.to_json())
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.document().serialize(to)
    }
}

impl Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.title, self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.code()
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        self.response()
    }
}
