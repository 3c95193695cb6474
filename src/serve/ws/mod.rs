//! `/ws`: predictions and live events over one connection.

mod answer;
mod connection;
mod limit;
mod message;
mod pieces;
pub mod types;

use std::time::Duration;

use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, dev, web};

use super::admission::Admission;
use super::base_path::BasePath;
use super::budget::Budget;
use super::guard::{Access, Caller};
use super::health::Lifecycle;
use super::mode::Mode;
use super::predictor::Predictor;
use super::problem::{Problem, kind};
use super::route::{Response, Route, Tag, text};
use super::{predict, query, stream};
use crate::store::Store;
use crate::store::feed::Feed;
use crate::telemetry::metrics::Transport;
use answer::{Responder, Rows};
use connection::Connection;
use limit::Limited;
use pieces::Messages;

/// The route of the WebSocket. Any token may open one; each message and topic requires a scope of its own.
pub static ROUTES: &[Route] = &[Route::get(
    "/ws",
    Tag::Predictions,
    Access::Token,
    "Predictions and live events over a WebSocket",
    || web::to(open),
)
.parameters(&[predict::TRANSPORT])
.responses(&[Response {
    status: 101,
    about: "The connection is a WebSocket.",
    media_type: "",
    schema: |_| text(),
}])
.problems(&[&kind::BAD_REQUEST, &kind::UPGRADE])
.stateless()];

/// Settings and shared resources of all WebSocket connections.
#[derive(Clone)]
pub struct Options {
    /// What the server does besides predicting.
    pub mode: Mode,
    /// Maximum size of a message in bytes.
    pub message: u64,
    /// Interval between two pings.
    pub heartbeat: Duration,
    /// Runs the computation of explanations.
    pub admission: Admission,
    /// Memory budget for large messages.
    pub budget: Budget,
    /// Base path of the links in problems.
    pub base: BasePath,
}

/// Opens a WebSocket connection.
pub async fn open(
    request: HttpRequest,
    payload: web::Payload,
    options: web::Data<Options>,
    predictor: web::Data<Predictor>,
    feed: web::Data<Feed>,
    store: web::Data<Store>,
    lifecycle: web::Data<Lifecycle>,
) -> Result<HttpResponse, Problem> {
    let mut transport = Transport::WebSocket;
    for (_, value) in query::parameters(request.query_string(), &[predict::TRANSPORT])? {
        transport = predict::page(&value)?;
    }
    predictor.champion()?;
    if lifecycle.is_stopping() {
        return Err(Problem::not_ready(
            "the server is stopping; connect to another",
        ));
    }
    let (limited, ended) = Limited::new(payload, options.message, options.budget.clone());
    let mut limited: dev::Payload = dev::Payload::Stream {
        payload: Box::pin(limited),
    };
    let payload = web::Payload::from_request(&request, &mut limited)
        .await
        .map_err(Problem::internal)?;
    let (response, session, messages) = actix_ws::handle(&request, payload).map_err(|error| {
        let detail =
            format!("{error}; open it with a WebSocket client, such as titanic-platform client");
        Problem::new(&kind::UPGRADE, detail)
            .header(header::UPGRADE, "websocket")
            .header(header::CONNECTION, "upgrade")
            .header(header::SEC_WEBSOCKET_VERSION, "13")
    })?;
    // [`Limited`] enforces the limit; the codec's own limit must not be lower.
    let most = usize::try_from(options.message).unwrap_or(usize::MAX);
    let messages = Messages::new(messages.max_frame_size(most));
    let connection = Connection {
        responder: Responder {
            rows: Rows {
                predictor: (**predictor).clone(),
                transport,
            },
            admission: options.admission.clone(),
            connection: stream::of(&request).cloned(),
            feed: (**feed).clone(),
            store: (**store).clone(),
            subscription: None,
            caller: request.extensions().get::<Caller>().cloned(),
            mode: options.mode,
            base: options.base.clone(),
        },
        session,
        messages,
        ended,
        lifecycle: (**lifecycle).clone(),
        heartbeat: options.heartbeat,
        metrics: predictor.metrics.clone(),
    };
    actix_web::rt::spawn(connection.run());
    Ok(response)
}
