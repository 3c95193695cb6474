//! Construction of HTTP responses.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use serde::Serialize;

use super::body::Format;
use crate::report::harmless;

/// Response header with the version name of the predicting model, for formats that have no field for it.
pub const MODEL: HeaderName = HeaderName::from_static("titanic-model");

/// The response to a body of rows, in the format of the request. It has no cache or `nosniff` headers, because caches do not
/// store responses to POST and browsers do not guess their types.
pub fn rows(format: Format, bytes: Vec<u8>, model: Option<&str>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((
        header::CONTENT_TYPE,
        HeaderValue::from_static(format.media_type()),
    ));
    if let Some(model) = model {
        response.insert_header((MODEL, model));
    }
    response.body(bytes)
}

/// A JSON response that is not cached.
pub fn json(status: StatusCode, document: &impl Serialize) -> HttpResponse {
    let text = serde_json::to_string(document).expect("documents are structs with text keys");
    text_as("application/json", status, text)
}

/// A text response that is not cached.
pub fn text_as(media_type: &str, status: StatusCode, text: String) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, media_type))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(text)
}

/// An HTML response with a Content-Security-Policy. Names and values of strangers in it are harmless to look at.
pub fn page(policy: &str, markup: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        // With `no-referrer` a browser sends the form of the login with `Origin: null`.
        .insert_header((header::REFERRER_POLICY, "same-origin"))
        .body(harmless(markup))
}
