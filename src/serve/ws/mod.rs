//! The WebSocket at `/ws`: predictions as fast as they come, and events as they happen.
//!
//! One connection is one task: it reads a message, answers it, and between messages hands on the events it subscribed to.
//! Answers come in the order of their messages; a faulty message gets an `error` and the connection stays. Nothing of a
//! connection is shared with another but handles.

mod connection;
mod message;
mod reply;

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use tokio::sync::watch;

use super::problem::{Problem, kind};
use crate::control::champion::Seat;
use crate::store::feed::{Feed, Recorder};
use crate::telemetry::metrics::Metrics;
use connection::Connection;

/// What a connection works with.
#[derive(Clone)]
pub struct Desk {
    /// Who answers.
    pub seat: Seat,
    /// Where predictions are noted.
    pub recorder: Recorder,
    /// Where events come from.
    pub feed: Feed,
    /// Where messages are counted.
    pub metrics: Arc<Metrics>,
    /// Largest message, in bytes.
    pub largest: usize,
    /// Between two pings; who answers none of two is gone.
    pub heartbeat: Duration,
    /// Turns true when the server stops.
    pub stopping: watch::Receiver<bool>,
}

/// `GET /ws`: opens a connection.
///
/// # Errors
/// 426 when the request asks for no WebSocket, 503 when the server stops.
pub async fn open(request: HttpRequest, body: web::Payload, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    if *desk.stopping.borrow() {
        return Err(Problem::not_ready("the server is stopping"));
    }
    let (response, session, messages) = actix_ws::handle(&request, body).map_err(|error| {
        Problem::new(&kind::UPGRADE, format!("{error}; open it with a WebSocket client, such as titanic-platform client"))
            .header(header::UPGRADE, "websocket")
    })?;
    let desk = Desk::clone(&desk);
    let messages = messages.max_frame_size(desk.largest).aggregate_continuations().max_continuation_size(desk.largest);
    // Its owner is the connection: it ends with it, and with the server's stop.
    actix_web::rt::spawn(Connection::new(desk, session).run(messages));
    Ok(response)
}
