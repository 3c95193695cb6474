//! The settings a server runs with, each with where it came from; secrets are masked.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::{Value, json};

use super::reply;

/// One setting.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    /// `server.listen`.
    pub key: String,
    /// Its value as text, secrets masked.
    pub value: String,
    /// Where it came from: built in, a file with its line, a variable, a flag.
    pub origin: String,
}

/// The document, which stays the same while the server runs.
pub struct Shown(Value);

impl Shown {
    /// That of some settings.
    pub fn of(settings: Vec<Setting>) -> Shown {
        Shown(json!({"settings": settings}))
    }
}

/// Every setting, as `config show --json` has it.
pub async fn list(shown: web::Data<Shown>) -> HttpResponse {
    reply::json(StatusCode::OK, &shown.0)
}
