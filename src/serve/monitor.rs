//! `GET /v1/monitor`, and the monitor section of the page.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::guard::Access;
use super::page::CSP;
use super::page::monitor;
use super::route::{HTML, Response, Route, Tag};
use super::{reply, views};
use crate::monitor::options::Options;
use crate::monitoring::View;

/// Access required to read the monitor's results, by REST or as a topic of the live feed.
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

/// State of the monitor's handlers.
#[derive(Clone)]
pub struct MonitorReader {
    /// Published state of the monitor task.
    pub view: View,
    /// Settings of the monitor.
    pub options: Options,
}

impl MonitorReader {
    /// The document of the monitor's current state.
    pub fn document(&self) -> views::Monitor {
        views::Monitor::of(&self.view.load(), &self.options)
    }
}

pub async fn document(reader: web::Data<MonitorReader>) -> HttpResponse {
    reply::json(StatusCode::OK, &reader.document())
}

/// Handles `GET /fragments/monitor`: the section alone, with which an open page updates itself.
pub async fn fragment(reader: web::Data<MonitorReader>) -> HttpResponse {
    let section = monitor::draw(&reader.document());
    reply::page(CSP, section.into_string())
}
