//! The OpenAPI 3.1 document of the API: paths come from the route table, row schemas from the live model.

mod paths;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::base_path::BasePath;
use super::guard::{Access, Guard};
use super::mode::Mode;
use super::predictor::Predictor;
use super::problem::Problem;
use super::problem::kind::{self, KINDS, Kind};
use super::reply;
use super::route::{JSON, Response, Route, Table, Tag};
use super::schemas::Schemas;
use crate::model::Model;

const ABOUT: &str = "Rows in, answers out. What cannot be answered gets a problem document (RFC 9457) with one entry a fault: \
    `path` points into the body, `allowed` says what is taken, `remedy` what to do. Every fault of a request is told at once.";

pub static ROUTES: &[Route] = &[Route::get(
    "/openapi.json",
    Tag::Server,
    Access::Token,
    "The API as OpenAPI 3.1",
    || web::to(serve),
)
.responses(&[Response {
    status: 200,
    about: "The document; rows are those of the live model.",
    media_type: JSON,
    schema: |_| json!({}),
}])
.problems(&[&kind::NOT_READY])
.stateless()];

pub async fn serve(
    request: HttpRequest,
    predictor: web::Data<Predictor>,
    guard: web::Data<Guard>,
    table: web::Data<Table>,
    mode: web::Data<Mode>,
) -> Result<HttpResponse, Problem> {
    let (address, champion) = (guard.address(&request), predictor.champion()?);
    let document = document(
        &table,
        **mode,
        &address,
        guard.base(),
        guard.has_tokens(),
        &champion.model,
    );
    Ok(reply::json(StatusCode::OK, &document))
}

/// The OpenAPI document of the server in this mode at `address`, below its base path, with the row schema of `model`. If `has_tokens`, the document says that
/// routes require a token.
pub fn document(
    table: &Table,
    mode: Mode,
    address: &str,
    base: &BasePath,
    has_tokens: bool,
    model: &Model,
) -> Value {
    let mut schemas = Schemas::new(model);
    let paths = paths::all(table, mode, has_tokens, model, &mut schemas);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "titanic-platform",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": address}],
        "tags": Tag::ALL.map(|tag| json!({"name": tag.name()})),
        "paths": paths,
        "x-problems": problems(base),
        "components": {
            "schemas": schemas.finish(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    })
}

fn problems(base: &BasePath) -> Vec<Value> {
    let problem = |kind: &&Kind| json!({"type": kind.uri(base), "slug": kind.slug, "status": kind.status, "title": kind.title});
    KINDS.iter().map(problem).collect()
}
