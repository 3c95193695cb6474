//! The documentation and the static files.

use actix_web::http::header::{self, ETag, EntityTag, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::serve::guard::{Access, Guard};
use crate::serve::mode::Mode;
use crate::serve::page::{ASSETS, CSP};
use crate::serve::predictor::Predictor;
use crate::serve::problem::{Problem, kind};
use crate::serve::route::{HTML, Response, Route, Table, Tag};
use crate::serve::{docs, openapi, reply};

pub static ROUTES: &[Route] = &[
    Route::get(
        "/docs",
        Tag::Server,
        Access::Token,
        "The API as a page",
        || web::to(docs),
    )
    .responses(&[Response::text(200, "A page.", HTML)])
    .problems(&[&kind::NOT_READY])
    .stateless(),
    file(0),
    file(1),
    file(2),
];

/// The route of the static file with index `n`.
const fn file(n: usize) -> Route {
    Route::get(
        ASSETS[n].path,
        Tag::Server,
        Access::Open,
        "A file of the page",
        || web::to(asset),
    )
    .stateless()
}

/// Handles `GET /docs`: the documentation, rendered from the OpenAPI document.
pub async fn docs(
    request: HttpRequest,
    predictor: web::Data<Predictor>,
    guard: web::Data<Guard>,
    table: web::Data<Table>,
    mode: web::Data<Mode>,
) -> Result<HttpResponse, Problem> {
    let address = guard.address(&request);
    let champion = predictor.champion()?;
    let document = openapi::document(
        &table,
        **mode,
        &address,
        guard.base(),
        guard.has_tokens(),
        &champion.model,
    );
    Ok(reply::page(
        CSP,
        docs::render(&document, &super::links(&request)).into_string(),
    ))
}

/// Serves a static file. Its ETag is a hash of the content, so that a browser with a current copy gets a 304.
pub async fn asset(
    request: HttpRequest,
    guard: web::Data<Guard>,
    tag: Option<web::Header<IfNoneMatch>>,
) -> Result<HttpResponse, Problem> {
    let mut assets = ASSETS.iter();
    let asset = assets.find(|asset| guard.base().public(asset.path) == request.path());
    let asset = asset.ok_or_else(|| Problem::new(&kind::NOT_FOUND, "there is no such file"))?;
    let own = EntityTag::new_strong(asset.etag().trim_matches('"').to_owned());
    let known = match tag.map(web::Header::into_inner) {
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&own)),
        None => false,
    };
    let mut response = if known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header(ETag(own))
        .insert_header((header::CACHE_CONTROL, "no-cache"));
    if known {
        return Ok(response.finish());
    }
    response.insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    Ok(response
        .insert_header((header::CONTENT_TYPE, asset.media))
        .body(asset.body))
}
