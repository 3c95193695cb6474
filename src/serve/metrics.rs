//! `GET /metrics` in the Prometheus text format.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::guard::Access;
use super::inflight::Inflight;
use super::problem::Problem;
use super::reply;
use super::route::{Response, Route, Tag};
use crate::telemetry::metrics::Metrics;

pub static ROUTES: &[Route] = &[Route::get(
    "/metrics",
    Tag::Server,
    Access::READ,
    "Metrics in the Prometheus text format",
    || web::to(metrics),
)
.responses(&[Response::text(200, "The text format.", "text/plain")])
.stateless()
.direct()];

/// Media type of the Prometheus text format.
const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Handles `GET /metrics`. Rendering reads `/proc` and takes about a millisecond, so it runs on a blocking thread.
pub async fn metrics(
    metrics: web::Data<Arc<Metrics>>,
    inflight: web::Data<Inflight>,
) -> Result<HttpResponse, Problem> {
    let now = inflight.now();
    let text = web::block(move || {
        metrics.titanic_http_inflight_requests.set(now as f64);
        metrics.render()
    });
    let text = text.await.map_err(Problem::internal)?;
    Ok(reply::text_as(MEDIA_TYPE, StatusCode::OK, text))
}
