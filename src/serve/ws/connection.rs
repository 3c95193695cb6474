//! The task of one WebSocket connection: it handles messages in order, sends their responses in that order and events in
//! between, until one side closes the connection.

use std::sync::Arc;
use std::time::Duration;

use actix_ws::{CloseCode, CloseReason, ProtocolError, Session};
use futures_util::FutureExt;
use tokio::time::{Interval, MissedTickBehavior, interval_at, sleep, timeout};

use super::answer::{Reply, Responder};
use super::limit::Ended;
use super::message::Ref;
use super::pieces::{Messages, Whole};
use crate::serve::health::Lifecycle;
use crate::serve::problem::{Problem, kind};
use crate::store::feed::Event;
use crate::telemetry::metrics::{Closed, Direction, Metrics};

/// Consecutive heartbeats that may pass without a message from the client.
const MISSED: u32 = 2;

/// Maximum number of queued messages handled before other events are checked, so that the messages of one read get their
/// responses in one write.
const AT_ONCE: usize = 64;

/// State of one connection.
pub struct Connection {
    pub responder: Responder,
    /// Sink for outgoing messages.
    pub session: Session,
    /// Source of incoming messages.
    pub messages: Messages,
    /// Why the incoming bytes ended, if the cause lies below the codec.
    pub ended: Ended,
    /// Signals that the server is stopping.
    pub lifecycle: Lifecycle,
    /// Interval between two pings.
    pub heartbeat: Duration,
    pub metrics: Arc<Metrics>,
}

/// The next thing to handle.
enum Step {
    Message(Option<Result<Whole, ProtocolError>>),
    Event(Option<Arc<Event>>),
    Beat,
    Stop,
}

impl Connection {
    /// Runs until one side closes the connection.
    pub async fn run(mut self) {
        self.metrics.titanic_websocket_connections.increment(1.0);
        let end = self.serve().await;
        self.metrics
            .titanic_websocket_closed_total
            .of(end)
            .increment(1);
        // A client that reads nothing delays the close no longer than a missed ping would.
        let _ = timeout(self.heartbeat * MISSED, self.session.close(reason(end))).await;
        self.metrics.titanic_websocket_connections.decrement(1.0);
    }

    async fn serve(&mut self) -> Closed {
        let mut beat = self.beat();
        let mut silent = 0;
        let lifecycle = self.lifecycle.clone();
        let mut stop = std::pin::pin!(lifecycle.closed());
        loop {
            let step = tokio::select! {
                biased;
                () = &mut stop => Step::Stop,
                _ = beat.tick() => Step::Beat,
                message = self.messages.next() => Step::Message(message),
                event = next_event(&mut self.responder) => Step::Event(event),
            };
            let done = match step {
                Step::Stop => Err(Closed::GoingAway),
                Step::Beat if silent >= MISSED => Err(Closed::Lost),
                Step::Beat => {
                    silent += 1;
                    self.session.ping(b"").await.map_err(|_| Closed::Lost)
                }
                Step::Message(message) => {
                    silent = 0;
                    self.take(message).await
                }
                Step::Event(Some(event)) => self.send(event.message().to_string()).await,
                Step::Event(None) => Err(Closed::TooSlow),
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    fn beat(&self) -> Interval {
        let mut beat = interval_at(tokio::time::Instant::now() + self.heartbeat, self.heartbeat);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        beat
    }

    /// Handles a message and those that have already arrived behind it.
    async fn take(&mut self, first: Option<Result<Whole, ProtocolError>>) -> Result<(), Closed> {
        let mut next = first;
        for _ in 0..AT_ONCE {
            let message = match next {
                None => return Err(Closed::Lost),
                Some(Err(fault)) => return Err(self.end_of(&fault)),
                Some(Ok(message)) => message,
            };
            self.take_one(message).await?;
            next = match self.messages.next().now_or_never() {
                Some(message) => message,
                None => return Ok(()),
            };
        }
        match next {
            Some(Ok(message)) => self.take_one(message).await,
            Some(Err(fault)) => Err(self.end_of(&fault)),
            None => Err(Closed::Lost),
        }
    }

    async fn take_one(&mut self, message: Whole) -> Result<(), Closed> {
        match message {
            Whole::Text(text) => {
                self.metrics
                    .titanic_websocket_messages_total
                    .of(Direction::Received)
                    .increment(1);
                let answer = match self.responder.answer(&text) {
                    Reply::Ready(text) => text,
                    Reply::Label(reference, given) => self.responder.label(reference, given).await,
                    Reply::Explanation(asked) => tokio::select! {
                        biased;
                        text = self.responder.explain(asked) => text,
                        () = self.lifecycle.closed() => return Err(Closed::GoingAway),
                    },
                };
                self.send(answer).await
            }
            Whole::Binary => {
                self.metrics
                    .titanic_websocket_messages_total
                    .of(Direction::Received)
                    .increment(1);
                let detail = "messages are text frames of JSON; this one was binary";
                self.send(
                    self.responder
                        .error(Ref::None.json(), &Problem::new(&kind::MEDIA_TYPE, detail)),
                )
                .await
            }
            Whole::Ping(bytes) => self.session.pong(&bytes).await.map_err(|_| Closed::Lost),
            Whole::Pong => Ok(()),
            Whole::Close => Err(Closed::Client),
        }
    }

    /// Sends a message. The connection ends as too slow if the client does not read the message in time, or if the
    /// subscription's queue overflows meanwhile.
    async fn send(&mut self, text: String) -> Result<(), Closed> {
        let (patience, subscription) = (self.heartbeat * MISSED, &self.responder.subscription);
        let overrun = async {
            match subscription {
                Some(subscription) => subscription.overrun().await,
                None => std::future::pending().await,
            }
        };
        let sent = tokio::select! {
            biased;
            sent = self.session.text(text) => sent.map_err(|_| Closed::Lost),
            () = self.lifecycle.closed() => Err(Closed::GoingAway),
            () = overrun => Err(Closed::TooSlow),
            () = sleep(patience) => Err(Closed::TooSlow),
        };
        if sent.is_ok() {
            self.metrics
                .titanic_websocket_messages_total
                .of(Direction::Sent)
                .increment(1);
        }
        sent
    }

    fn end_of(&self, fault: &ProtocolError) -> Closed {
        if let Some(end) = self.ended.get() {
            return end;
        }
        match fault {
            ProtocolError::Overflow => Closed::TooLarge,
            // Among the errors of the stream, only text that is not UTF-8 has this kind.
            ProtocolError::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                Closed::NotUtf8
            }
            ProtocolError::Io(_) => Closed::Lost,
            _ => Closed::Protocol,
        }
    }
}

/// The next event of the subscription; pending forever without a subscription.
async fn next_event(responder: &mut Responder) -> Option<Arc<Event>> {
    match &mut responder.subscription {
        Some(subscription) => subscription.next().await,
        None => std::future::pending().await,
    }
}

/// Close code and reason text.
fn reason(end: Closed) -> Option<CloseReason> {
    let (code, why) = match end {
        Closed::Client => (CloseCode::Normal, ""),
        Closed::Lost => (CloseCode::Away, "nothing was heard for two heartbeats"),
        Closed::GoingAway => (CloseCode::Away, "the server stops; connect again"),
        Closed::Protocol => (CloseCode::Protocol, "that was not a WebSocket frame"),
        Closed::NotUtf8 => (CloseCode::Invalid, "text frames hold UTF-8"),
        Closed::TooLarge => (
            CloseCode::Size,
            "the message is over server.limits.message; send rows one by one",
        ),
        Closed::Overloaded => (
            CloseCode::Again,
            "server.limits.memory is in use by others; connect again in a moment",
        ),
        Closed::TooSlow => (
            CloseCode::Again,
            "too slow: more events waited than server.limits.queue; connect again and resume with since",
        ),
    };
    let description = Some(why.to_owned()).filter(|why| !why.is_empty());
    Some(CloseReason { code, description })
}
