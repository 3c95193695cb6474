//! The kinds of problems: status, type and title are chosen here alone.

use actix_web::http::StatusCode;

/// A kind of problem.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// The end of its `type`.
    pub slug: &'static str,
    /// Its status.
    pub status: u16,
    /// Its title, the same for every problem of the kind.
    pub title: &'static str,
}

impl Kind {
    /// Its `type`: where the documentation tells of it.
    pub fn uri(&self) -> String {
        format!("/docs#{}", self.slug)
    }

    /// Its status.
    pub fn code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).expect("the table holds statuses of three digits")
    }
}

macro_rules! kinds {
    ($($name:ident = $status:literal $slug:literal $title:literal;)+) => {
        $(#[doc = $title] pub static $name: Kind = Kind { slug: $slug, status: $status, title: $title };)+

        /// Every kind, by status.
        pub static KINDS: &[&Kind] = &[$(&$name),+];
    };
}

kinds! {
    UNREADABLE = 400 "unreadable" "Unreadable body";
    BAD_REQUEST = 400 "bad-request" "Invalid request";
    UNAUTHORIZED = 401 "unauthorized" "Token required";
    SCOPE = 403 "scope" "Insufficient scope";
    ORIGIN = 403 "origin" "Origin not allowed";
    NOT_FOUND = 404 "not-found" "Not found";
    METHOD = 405 "method" "Method not allowed";
    TIMEOUT = 408 "timeout" "The body took too long to arrive";
    CONFLICT = 409 "conflict" "Conflict with what is stored";
    GONE = 410 "gone" "Gone";
    TOO_LARGE = 413 "too-large" "The body is too large";
    MEDIA_TYPE = 415 "media-type" "Media type not supported";
    HOST = 421 "host" "Host not allowed";
    INVALID = 422 "invalid" "Invalid content";
    UPGRADE = 426 "upgrade" "WebSocket required";
    INTERNAL = 500 "internal" "Internal error";
    NOT_YET = 501 "not-yet" "This is not available yet";
    OVERLOADED = 503 "overloaded" "Overloaded";
    NOT_STORED = 503 "not-stored" "Store unavailable";
    NOT_READY = 503 "not-ready" "No model is live";
}
