//! Problem documents (RFC 9457), the body of every error response.
//!
//! Domain errors are converted into problems only in this module.

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
use crate::serve::base_path::BasePath;
pub use entry::{Cell, Entry, escape};
pub use faults::{Faults, MOST_LISTED};
pub use kind::Kind;

/// Media type of a problem document.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Maximum characters of a `detail`. Only text that repeats client input can come near it.
const LONGEST: usize = 2_000;

/// A problem document (RFC 9457).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub struct Document<'p> {
    /// Link to the documentation of this kind of problem.
    #[serde(rename = "type")]
    pub uri: Cow<'p, str>,
    /// Title that all problems of the kind share.
    pub title: Cow<'p, str>,
    /// HTTP status of the response.
    pub status: u16,
    /// What is wrong with this request and how to fix it.
    pub detail: Cow<'p, str>,
    /// The individual faults of the request; empty if there are none.
    pub errors: Cow<'p, [Entry]>,
}

/// An error response: the problem kind, the detail, the individual faults and additional headers.
#[derive(Debug)]
pub struct Problem {
    kind: &'static Kind,
    detail: String,
    errors: Vec<Entry>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem with a detail, which should say how to fix the request. It is cut to `LONGEST` characters, because it may
    /// quote client input.
    pub fn new(kind: &'static Kind, detail: impl Into<String>) -> Problem {
        Problem {
            kind,
            detail: cut(detail.into(), LONGEST),
            errors: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// Adds the individual faults.
    pub fn with(mut self, errors: Vec<Entry>) -> Problem {
        self.errors = errors;
        self
    }

    /// Places the faults below `pointer`, for a body whose rows stand deeper than their reader knows.
    pub fn within(mut self, pointer: &str) -> Problem {
        for entry in &mut self.errors {
            entry.path.insert_str(0, pointer);
        }
        self
    }

    /// Adds a response header. A value that is not valid in a header is omitted.
    pub fn header(mut self, name: HeaderName, value: impl AsRef<str>) -> Problem {
        self.headers.extend(
            HeaderValue::from_str(value.as_ref())
                .ok()
                .map(|value| (name, value)),
        );
        self
    }

    /// The problem of a server that is at its limit; clients may retry after a second.
    pub fn overloaded(detail: impl Into<String>) -> Problem {
        Problem::new(&kind::OVERLOADED, detail).header(header::RETRY_AFTER, "1")
    }

    /// The problem of a server that is not ready, because it is starting or stopping; clients may retry after a second.
    pub fn not_ready(detail: impl Into<String>) -> Problem {
        Problem::new(&kind::NOT_READY, detail).header(header::RETRY_AFTER, "1")
    }

    /// An internal error. Its text goes to the log and not to the client.
    pub fn internal(error: impl Display) -> Problem {
        tracing::error!(%error, "server: a request failed with an internal error");
        Problem::new(&kind::INTERNAL, "the log of the server has more")
    }

    /// The document of a server with this base path.
    pub fn document(&self, base: &BasePath) -> Document<'_> {
        Document {
            uri: self.kind.uri(base).into(),
            title: self.kind.title.into(),
            status: self.kind.status,
            detail: (&*self.detail).into(),
            errors: (&*self.errors).into(),
        }
    }

    /// The problem document as JSON text, of a server with this base path.
    pub fn text(&self, base: &BasePath) -> String {
        serde_json::to_string(&self.document(base)).expect("its keys are text")
    }

    /// The problem document as JSON text, of a server without a base path.
    pub fn to_json(&self) -> String {
        self.text(&BasePath::default())
    }

    /// The HTTP response of the problem, from which `serve::outward` gets the problem itself.
    pub fn response(self) -> HttpResponse<BoxBody> {
        HttpResponse::from_error(self)
    }

    fn plain_response(&self) -> HttpResponse<BoxBody> {
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
        self.document(&BasePath::default()).serialize(to)
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
        self.plain_response()
    }
}
