//! The settings a server runs with, each with where it came from; secrets are masked.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

use super::reply;
use crate::config::Leaf;

/// The document, which stays the same while the server runs.
pub struct Shown(Value);

impl Shown {
    /// That of some settings.
    pub fn of(settings: Vec<Leaf>) -> Shown {
        Shown(json!({"settings": settings}))
    }
}

/// Every setting, as `config show --json` has it.
pub async fn list(shown: web::Data<Shown>) -> HttpResponse {
    reply::json(StatusCode::OK, &shown.0)
}
