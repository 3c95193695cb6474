//! `GET /v1/service-level`, and its section of the page.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::guard::Access;
use super::page::CSP;
use super::page::service as drawing;
use super::predictor::Predictor;
use super::route::{HTML, Response, Route, Tag};
use super::{reply, views};

pub static ROUTES: &[Route] = &[
    Route::get(
        "/v1/service-level",
        Tag::Server,
        Access::READ,
        "Show the service level: response times of predictions and the error budget",
        || web::to(document),
    )
    .responses(&[Response::json::<views::ServiceLevel>(
        200,
        "The last hours beside the objective.",
    )])
    .stateless(),
    Route::get(
        "/fragments/service",
        Tag::Server,
        Access::READ,
        "Fragment of the page: the service level",
        || web::to(fragment),
    )
    .responses(&[Response::text(200, "A part of a page.", HTML)])
    .stateless(),
];

/// The service level now.
pub fn level(predictor: &Predictor) -> views::ServiceLevel {
    views::ServiceLevel::of(&predictor.metrics.answers, predictor.clock.now())
}

async fn document(predictor: web::Data<Predictor>) -> HttpResponse {
    reply::json(StatusCode::OK, &level(&predictor))
}

async fn fragment(predictor: web::Data<Predictor>) -> HttpResponse {
    reply::page(CSP, drawing::draw(&level(&predictor)).into_string())
}
