//! The interface as an OpenAPI 3.1 document: paths from the table of routes, rows from the live model.

mod levels;
mod paths;
mod schemas;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::guard::Guard;
use super::predictor::Predictor;
use super::problem::Problem;
use super::problem::kind::{KINDS, Kind};
use super::reply;
use crate::live::Champion;

const ABOUT: &str = "Rows in, answers out. What cannot be answered gets a problem document (RFC 9457) with one entry a fault: \
    `path` points into the body, `allowed` says what is taken, `remedy` what to do. Every fault of a request is told at once.";

/// The document.
pub async fn serve(
    request: HttpRequest,
    predictor: web::Data<Predictor>,
    guard: web::Data<Guard>,
) -> Result<HttpResponse, Problem> {
    let document = document(
        &guard.address(&request),
        guard.has_tokens(),
        &*predictor.champion()?,
    );
    Ok(reply::json(StatusCode::OK, &document))
}

/// The document of a server at an address, with the rows of `champion`. Where tokens are configured, a request without one is
/// not among what it describes.
pub fn document(address: &str, has_tokens: bool, champion: &Champion) -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "titanic-platform",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": address}],
        "tags": paths::TAGS.map(|name| json!({"name": name})),
        "paths": paths::all(has_tokens, champion),
        "x-problems": problems(),
        "components": {
            "schemas": schemas::all(champion),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    })
}

fn problems() -> Vec<Value> {
    let problem = |kind: &&Kind| json!({"type": kind.uri(), "slug": kind.slug, "status": kind.status, "title": kind.title});
    KINDS.iter().map(problem).collect()
}
