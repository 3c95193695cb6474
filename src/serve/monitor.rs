//! What the monitor sees: `GET /v1/monitor`, and its section of the page.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::guard::Access;
use super::page::CSP;
use super::page::monitor;
use super::route::{HTML, Response, Route, Tag};
use super::{reply, views};
use crate::monitor::options::Options;
use crate::monitoring::View;

/// Who may read what the monitor sees, here or as a live topic.
pub const ACCESS: Access = Access::READ;

pub static ROUTES: &[Route] = &[
    Route::get(
        "/v1/monitor",
        Tag::Server,
        ACCESS,
        "Show the monitor: drift, live performance, performance estimated without labels",
        || web::to(document),
    )
    .responses(&[Response::json::<views::Monitor>(
        200,
        "The window, the newest verdict, recent verdicts, performance.",
    )]),
    Route::get(
        "/fragments/monitor",
        Tag::Server,
        ACCESS,
        "Fragment of the page: the monitor",
        || web::to(fragment),
    )
    .responses(&[Response::text(200, "A part of a page.", HTML)]),
];

/// Those who know of it.
#[derive(Clone)]
pub struct Desk {
    /// What was seen.
    pub view: View,
    /// How it is looked at.
    pub options: Options,
}

impl Desk {
    /// What is seen at the moment.
    pub fn document(&self) -> views::Monitor {
        views::Monitor::of(&self.view.load(), &self.options)
    }
}

/// As a document.
pub async fn document(desk: web::Data<Desk>) -> HttpResponse {
    reply::json(StatusCode::OK, &desk.document())
}

/// The section alone, for a page that is open.
pub async fn fragment(desk: web::Data<Desk>) -> HttpResponse {
    let section = monitor::draw(&desk.document());
    reply::page(CSP, section.into_string())
}
