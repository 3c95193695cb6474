//! Whether the process lives, and whether it should be asked.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde_json::json;
use tokio::sync::watch;

use super::predictor::Predictor;
use super::problem::Problem;
use super::reply;
use crate::store::{self, Store};

/// Whether a stop was asked. Clones share it.
#[derive(Clone, Debug)]
pub struct Lifecycle(watch::Sender<bool>);

impl Default for Lifecycle {
    fn default() -> Self {
        Lifecycle(watch::Sender::new(false))
    }
}

impl Lifecycle {
    /// Asks for a stop. From here on the server is not ready, and whoever waits on [`Lifecycle::stopped`] goes on.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }

    /// Whether a stop was asked.
    pub fn is_stopping(&self) -> bool {
        *self.0.borrow()
    }

    /// Ends when a stop is asked.
    pub async fn stopped(&self) {
        // An error means that there is no sender left, and this value is one.
        let _ = self.0.subscribe().wait_for(|stopping| *stopping).await;
    }
}

/// The process lives.
pub async fn live() -> HttpResponse {
    reply::json(StatusCode::OK, &json!({"status": "live"}))
}

/// A model is loaded, the store is whole, and no stop has begun.
pub async fn ready(
    predictor: web::Data<Predictor>,
    lifecycle: web::Data<Lifecycle>,
    store: web::Data<Store>,
) -> Result<HttpResponse, Problem> {
    if lifecycle.is_stopping() {
        return Err(Problem::not_ready("the server is stopping; ask another"));
    }
    if let store::Health::Damaged(why) = &*store.health().borrow() {
        let detail = format!("the store is damaged: {why}; an operator puts a backup in its place");
        return Err(Problem::not_ready(detail));
    }
    let champion = predictor.champion()?;
    Ok(reply::json(
        StatusCode::OK,
        &json!({"status": "ready", "model": &*champion.name}),
    ))
}
