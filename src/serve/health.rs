//! Liveness and readiness probes, and the lifecycle of the server.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use tokio::sync::watch;

use super::guard::Access;
use super::predictor::Predictor;
use super::problem::{Problem, kind};
use super::reply;
use super::route::{Response, Route, Tag};
use super::views::Health;
use crate::store::{self, Store};

pub static ROUTES: &[Route] = &[
    Route::get(
        "/healthz",
        Tag::Server,
        Access::Open,
        "Liveness: the process responds",
        || web::to(live),
    )
    .responses(&[Response::json::<Health>(200, "It does.")])
    .stateless()
    .direct(),
    Route::get(
        "/readyz",
        Tag::Server,
        Access::Open,
        "Readiness: a model is loaded, the store is undamaged, the server is not stopping",
        || web::to(ready),
    )
    .responses(&[Response::json::<Health>(200, "All of it.")])
    .problems(&[&kind::NOT_READY])
    .stateless()
    .direct(),
];

/// Phase of the shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Serving,
    /// Not ready, but still handling requests.
    Draining,
    /// Open connections are closed and no new work starts.
    Closing,
}

/// Whether a stop was requested, and which phase it has reached. Clones share the state.
#[derive(Clone, Debug)]
pub struct Lifecycle(watch::Sender<Phase>);

impl Default for Lifecycle {
    fn default() -> Self {
        Lifecycle(watch::Sender::new(Phase::Serving))
    }
}

impl Lifecycle {
    /// Requests a stop. From here on the server is not ready, and callers that wait on [`Lifecycle::stopped`] continue.
    pub fn stop(&self) {
        self.reach(Phase::Draining);
    }

    /// Ends the draining phase: long-lived connections such as WebSockets are closed.
    pub fn close(&self) {
        self.reach(Phase::Closing);
    }

    /// Whether a stop was requested.
    pub fn is_stopping(&self) -> bool {
        *self.0.borrow() >= Phase::Draining
    }

    /// Completes when a stop is requested.
    pub async fn stopped(&self) {
        self.reached(Phase::Draining).await;
    }

    /// Completes when long-lived connections have to be closed.
    pub async fn closed(&self) {
        self.reached(Phase::Closing).await;
    }

    /// Advances to `next`, unless that phase or a later one has been reached. The phase never goes back.
    fn reach(&self, next: Phase) {
        self.0.send_if_modified(|phase| {
            let is_later = next > *phase;
            *phase = next.max(*phase);
            is_later
        });
    }

    async fn reached(&self, wanted: Phase) {
        // `wait_for` fails only without a sender, and `self` holds one.
        let _ = self.0.subscribe().wait_for(|phase| *phase >= wanted).await;
    }
}

/// Liveness: the process responds.
pub async fn live() -> HttpResponse {
    let health = Health {
        status: "live".into(),
        model: None,
    };
    reply::json(StatusCode::OK, &health)
}

/// Readiness: a model is loaded, the store is undamaged, and no stop was requested.
pub async fn ready(
    predictor: web::Data<Predictor>,
    lifecycle: web::Data<Lifecycle>,
    store: web::Data<Store>,
) -> Result<HttpResponse, Problem> {
    if lifecycle.is_stopping() {
        return Err(Problem::not_ready("the server is stopping; use another"));
    }
    if let store::Health::Damaged(why) = &*store.health().borrow() {
        let detail = format!("the store is damaged: {why}; an operator puts a backup in its place");
        return Err(Problem::not_ready(detail));
    }
    let champion = predictor.champion()?;
    let health = Health {
        status: "ready".into(),
        model: Some(champion.name.to_string()),
    };
    Ok(reply::json(StatusCode::OK, &health))
}
