//! Routes for browsers: the pages, one file each, the documentation and the static files.
//!
//! A page gathers the same views that the API serves, and has [`super::page`] draw them.

pub mod alerts;
pub mod data;
pub mod files;
pub mod models;
pub mod overview;
pub mod predict;
pub mod prediction;
pub mod settings;
pub mod timeline;

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};

use super::guard::{Access, Caller};
use super::jobs;
use super::mode::Mode;
use super::page::shell::{Frame, LINKS, Link};
use super::page::{self, CSP, Markup, PageView, Reader};
use super::predictor::Predictor;
use super::problem::{Problem, kind};
use super::reply;
use super::route::{Route, Table, Tag};
use super::ws::types;
use crate::clock;
use crate::store::feed;

/// A page that a token with the scope `read` may see. Pages but `/` are for browsers alone, so the API does not document them.
const fn page(
    pattern: &'static str,
    summary: &'static str,
    handler: fn() -> actix_web::Route,
) -> Route {
    const PROBLEMS: &[&kind::Kind] = &[&kind::NOT_READY];
    Route::get(pattern, Tag::Server, Access::READ, summary, handler).problems(PROBLEMS)
}

/// The view of the live model, with what the user may do.
fn view(predictor: &Predictor, request: &HttpRequest) -> Result<PageView, Problem> {
    let champion = predictor.champion()?;
    let trained = champion.trained.map(clock::rfc3339).unwrap_or_default();
    let mut view = PageView::of(&champion.model, &champion.name, &trained);
    view.reader = reader(request);
    Ok(view)
}

/// A complete page of this path and title.
fn draw(request: &HttpRequest, title: &str, here: &str, main: Markup) -> HttpResponse {
    let reader = reader(request);
    let header = page::header::titled(title, &reader);
    draw_with(&reader, title, here, header, main)
}

fn draw_with(
    reader: &Reader,
    title: &str,
    here: &str,
    header: Markup,
    main: Markup,
) -> HttpResponse {
    let frame = Frame {
        title,
        here,
        links: &reader.links,
        may_act: reader.may_administer,
        topics: Some(&reader.topics),
    };
    reply::page(CSP, frame.draw(header, main).into_string())
}

/// A complete page about the live model.
fn draw_live(view: &PageView, here: &str, main: Markup) -> HttpResponse {
    draw_with(
        &view.reader,
        &view.model,
        here,
        page::header::draw(view),
        main,
    )
}

/// What the user of the page may do, by the scopes of the token; everything without tokens.
fn reader(request: &HttpRequest) -> Reader {
    let extensions = request.extensions();
    let caller = extensions.get::<Caller>();
    let may = |access| caller.is_none_or(|caller| caller.may(access).is_ok());
    let topics = mode(request).topics();
    Reader {
        is_signed_in: caller.is_some(),
        links: links(request),
        may_predict: may(types::access("predict")),
        may_administer: may(jobs::ACCESS) && mode(request) == Mode::Full,
        topics: topics
            .filter(|topic| may(types::access_of(*topic)))
            .map(feed::name)
            .collect(),
    }
}

/// The pages that this server has.
fn links(request: &HttpRequest) -> Vec<Link> {
    let mode = mode(request);
    let table = request.app_data::<web::Data<Table>>();
    let has = |path: &str| {
        let mut routes = table.into_iter().flat_map(|table| table.iter());
        routes.any(|route| route.pattern == path && mode.serves(route))
    };
    LINKS.into_iter().filter(|(path, _)| has(path)).collect()
}

fn mode(request: &HttpRequest) -> Mode {
    let mode = request.app_data::<web::Data<Mode>>();
    mode.map_or(Mode::Full, |mode| ***mode)
}
