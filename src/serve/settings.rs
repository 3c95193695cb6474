//! `GET /v1/settings`: the effective settings of the server with their origins. Secrets are masked.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::guard::Access;
use super::reply;
use super::route::{Response, Route, Tag};
use super::views::Settings;

pub static ROUTES: &[Route] = &[Route::get(
    "/v1/settings",
    Tag::Server,
    Access::ADMIN,
    "Show the server's settings",
    || web::to(list),
)
.responses(&[Response::json::<Settings>(
    200,
    "Every setting, secrets masked.",
)])
.stateless()];

/// Lists all settings in the format of `config show --json`. They do not change while the server runs.
pub async fn list(settings: web::Data<Settings>) -> HttpResponse {
    reply::json(StatusCode::OK, settings.get_ref())
}
