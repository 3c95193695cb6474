//! Routes for browsers: the page, the documentation and their static files.

use actix_web::http::header::{self, ETag, EntityTag, IfNoneMatch};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};

use super::cycle::Desk;
use super::guard::{Access, Caller, Guard};
use super::monitor;
use super::openapi;
use super::page::{self, ASSETS, CSP, PageView, Reader};
use super::predictor::Predictor;
use super::problem::{Problem, kind};
use super::route::{HTML, Response, Route, Table, Tag};
use super::ws::types;
use super::{docs, reply};
use crate::alert::Handle;
use crate::clock;
use crate::store::feed;

pub static ROUTES: &[Route] = &[
    Route::get(
        "/docs",
        Tag::Server,
        Access::Token,
        "The API as a page",
        || web::to(docs),
    )
    .responses(&[Response::text(200, "A page.", HTML)])
    .problems(&[&kind::NOT_READY]),
    Route::get(
        "/",
        Tag::Server,
        Access::READ,
        "The page of the live model",
        || web::to(page),
    )
    .responses(&[Response::text(200, "A page.", HTML)])
    .problems(&[&kind::NOT_READY]),
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
}

/// Handles `GET /`: the page of the live model, with the actions that the user may take.
pub async fn page(
    request: HttpRequest,
    predictor: web::Data<Predictor>,
    desk: web::Data<Desk>,
    watched: web::Data<monitor::Desk>,
    alerts: web::Data<Handle>,
) -> Result<HttpResponse, Problem> {
    let champion = predictor.champion()?;
    let trained = champion.trained.map(clock::rfc3339).unwrap_or_default();
    let mut view = PageView::of(&champion.model, &champion.name, &trained);
    view.watch = page::watch(&watched.document(), &alerts.view());
    view.cycle = desk.look().await?;
    view.reader = reader(&request);
    Ok(reply::page(CSP, page::render(&view).into_string()))
}

/// What the user of the page may do, by the scopes of the token; everything without tokens.
fn reader(request: &HttpRequest) -> Reader {
    let extensions = request.extensions();
    let Some(caller) = extensions.get::<Caller>() else {
        return Reader::default();
    };
    let may = |access| caller.may(access).is_ok();
    let topics = feed::TOPICS.into_iter();
    Reader {
        is_signed_in: true,
        may_predict: may(types::access("predict")),
        topics: topics
            .filter(|topic| may(types::access_of(*topic)))
            .map(feed::name)
            .collect(),
    }
}

/// Handles `GET /docs`: the documentation, rendered from the OpenAPI document.
pub async fn docs(
    request: HttpRequest,
    predictor: web::Data<Predictor>,
    guard: web::Data<Guard>,
    table: web::Data<Table>,
) -> Result<HttpResponse, Problem> {
    let address = guard.address(&request);
    let champion = predictor.champion()?;
    let document = openapi::document(&table, &address, guard.has_tokens(), &champion.model);
    Ok(reply::page(CSP, docs::render(&document).into_string()))
}

/// Serves a static file. Its ETag is a hash of the content, so that a browser with a current copy gets a 304.
pub async fn asset(
    request: HttpRequest,
    tag: Option<web::Header<IfNoneMatch>>,
) -> Result<HttpResponse, Problem> {
    let asset = ASSETS.iter().find(|asset| asset.path == request.path());
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
