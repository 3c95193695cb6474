//! The table of problem kinds. Status, type and title of a problem are defined only here.

use actix_web::http::StatusCode;

use crate::serve::base_path::BasePath;

/// A kind of problem.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Last part of the `type` of the kind's problem documents.
    pub slug: &'static str,
    /// HTTP status of the response.
    pub status: u16,
    /// Title that all problems of the kind share.
    pub title: &'static str,
}

impl Kind {
    /// The `type` of the kind's problem documents: a link to its documentation.
    pub fn uri(&self, base: &BasePath) -> String {
        base.public(&format!("/docs#{}", self.slug))
    }

    /// The HTTP status as actix's type.
    pub fn code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).expect("the table holds statuses of three digits")
    }
}

macro_rules! kinds {
    ($($name:ident = $status:literal $slug:literal $title:literal;)+) => {
        $(#[doc = $title] pub static $name: Kind = Kind { slug: $slug, status: $status, title: $title };)+

        /// All problem kinds, in ascending order of status.
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
    PREDICT_ONLY = 409 "predict-only" "Not in predict-only mode";
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

/// The problems of stored bodies, and more.
macro_rules! of_stored_bodies {
    ($($more:expr),*) => {
        &[
            &UNREADABLE, &BAD_REQUEST, &TIMEOUT, &CONFLICT, &TOO_LARGE, &MEDIA_TYPE, &INVALID, &NOT_STORED,
            $($more),*
        ]
    };
}

/// The problems that a route may respond with which stores the predictions or labels that its body leads to.
pub static OF_STORED_BODIES: &[&Kind] = of_stored_bodies!();

/// Like [`OF_STORED_BODIES`], for a route with a name in its path that may be unknown.
pub static OF_STORED_BODIES_OF_A_NAME: &[&Kind] = of_stored_bodies!(&NOT_FOUND);
