//! Answers on their way out.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use serde::Serialize;

use super::body::Format;

/// Names the model that answered, where the format has no place for it.
pub const MODEL: HeaderName = HeaderName::from_static("titanic-model");

/// A body of rows, answered in the format they came in. Answers to POST are never kept by caches, and their types never
/// guessed at, so nothing else is said about them.
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

/// A document of the moment.
pub fn json(status: StatusCode, document: &impl Serialize) -> HttpResponse {
    let text = serde_json::to_string(document).expect("documents are structs with text keys");
    text_as("application/json", status, text)
}

/// Text of the moment.
pub fn text_as(media_type: &str, status: StatusCode, text: String) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, media_type))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(text)
}

/// A page, which may load nothing but what is ours.
pub fn page(policy: &str, markup: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .body(markup)
}
