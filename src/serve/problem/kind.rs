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
    UNREADABLE = 400 "unreadable" "The body is not what it claims to be";
    BAD_REQUEST = 400 "bad-request" "The request makes no sense";
    UNAUTHORIZED = 401 "unauthorized" "A token is needed";
    SCOPE = 403 "scope" "The token does not go that far";
    ORIGIN = 403 "origin" "Pages of this origin may not ask";
    NOT_FOUND = 404 "not-found" "There is nothing here";
    METHOD = 405 "method" "The method is not known here";
    TIMEOUT = 408 "timeout" "The body took too long to arrive";
    CONFLICT = 409 "conflict" "This contradicts what is known";
    GONE = 410 "gone" "It was there, but is no more";
    TOO_LARGE = 413 "too-large" "The body is too large";
    MEDIA_TYPE = 415 "media-type" "The media type is not taken here";
    HOST = 421 "host" "The server is not known under this name";
    INVALID = 422 "invalid" "The content breaks the contract";
    UPGRADE = 426 "upgrade" "Only a WebSocket can be opened here";
    INTERNAL = 500 "internal" "The server failed";
    NOT_YET = 501 "not-yet" "This is not available yet";
    OVERLOADED = 503 "overloaded" "Too much is asked at once";
    NOT_STORED = 503 "not-stored" "The store does not answer";
    NOT_READY = 503 "not-ready" "No model answers";
}
