//! One connection, from its opening to its close.

use std::pin::pin;
use std::sync::Arc;

use actix_ws::{
    AggregatedMessage as Message, AggregatedMessageStream, CloseCode, CloseReason, Closed as Gone, ProtocolError, Session,
};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::Desk;
use super::message::{self, Asked, Call};
use super::reply;
use crate::model::{Model, Workspace};
use crate::schema::Row;
use crate::schema::row::Purpose;
use crate::serve::explanation;
use crate::serve::problem::{Faults, Problem, kind};
use crate::store::feed::{Event, Prediction, PredictionId, Subscription};
use crate::telemetry::metrics::{Closed, Direction, Door};

/// A connection's state.
pub(super) struct Connection {
    desk: Desk,
    session: Session,
    subscription: Subscription,
    /// Row of the last schema seen, and the model's working space: reused from message to message.
    row: Option<Row>,
    work: Workspace,
}

/// Why a connection ends: what is counted, and what the client is told.
struct End {
    why: Closed,
    tell: Option<(CloseCode, &'static str)>,
}

const GONE: End = End { why: Closed::Lost, tell: None };
const LEFT: End = End { why: Closed::Client, tell: Some((CloseCode::Normal, "")) };
const STOPPING: End = End { why: Closed::GoingAway, tell: Some((CloseCode::Away, "the server is stopping")) };
const TOO_LARGE: End = End { why: Closed::TooLarge, tell: Some((CloseCode::Size, "the message is too large")) };
const PROTOCOL: End = End { why: Closed::Protocol, tell: Some((CloseCode::Protocol, "not the WebSocket protocol")) };
const TOO_SLOW: End = End {
    why: Closed::TooSlow,
    tell: Some((CloseCode::Again, "too slow: more events waited than are kept for one reader; come back with since")),
};

impl From<Gone> for End {
    fn from(_: Gone) -> End {
        GONE
    }
}

impl Connection {
    pub(super) fn new(desk: Desk, session: Session) -> Connection {
        let subscription = desk.feed.open();
        Connection { desk, session, subscription, row: None, work: Workspace::default() }
    }

    /// Lives until one of both sides ends it.
    pub(super) async fn run(mut self, messages: AggregatedMessageStream) {
        self.desk.metrics.titanic_websocket_connections.increment(1.0);
        let end = match self.converse(messages).await {
            Ok(end) | Err(end) => end,
        };
        let Connection { desk, session, .. } = self;
        if let Some((code, reason)) = end.tell {
            let reason = CloseReason { code, description: Some(reason.to_owned()).filter(|r| !r.is_empty()) };
            // A client that reads nothing takes no close either.
            let _ = timeout(desk.heartbeat, session.close(Some(reason))).await;
        }
        desk.metrics.titanic_websocket_connections.decrement(1.0);
        desk.metrics.titanic_websocket_closed_total.of(end.why).increment(1);
    }

    async fn converse(&mut self, messages: AggregatedMessageStream) -> Result<End, End> {
        let mut messages = pin!(messages);
        let mut stopping = self.desk.stopping.clone();
        let mut pulse = interval(self.desk.heartbeat);
        pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                message = messages.recv() => {
                    heard = Instant::now();
                    if let Some(end) = self.hear(message).await? {
                        return Ok(end);
                    }
                }
                event = self.subscription.next() => match event {
                    Some(event) => self.hand_on(&event).await?,
                    None => return Ok(TOO_SLOW),
                },
                _ = stopping.wait_for(|stopping| *stopping) => return Ok(STOPPING),
                _ = pulse.tick() => {
                    if heard.elapsed() > 2 * self.desk.heartbeat {
                        return Ok(GONE);
                    }
                    self.session.ping(b"").await?;
                }
            }
        }
    }

    async fn hear(&mut self, message: Option<Result<Message, ProtocolError>>) -> Result<Option<End>, End> {
        let answer = match message {
            None => return Ok(Some(GONE)),
            Some(Err(ProtocolError::Overflow)) => return Ok(Some(TOO_LARGE)),
            Some(Err(ProtocolError::Io(_))) => return Ok(Some(GONE)),
            Some(Err(_)) => return Ok(Some(PROTOCOL)),
            Some(Ok(Message::Close(_))) => return Ok(Some(LEFT)),
            Some(Ok(Message::Ping(payload))) => {
                self.session.pong(&payload).await?;
                return Ok(None);
            }
            Some(Ok(Message::Pong(_))) => return Ok(None),
            Some(Ok(Message::Text(text))) => self.answer(text.as_bytes()),
            Some(Ok(Message::Binary(_))) => {
                let problem = Problem::new(&kind::UNREADABLE, "messages are text with a JSON object, not binary");
                reply::error(None, &problem)
            }
        };
        self.desk.metrics.titanic_websocket_messages_total.of(Direction::Received).increment(1);
        self.send(answer).await?;
        Ok(None)
    }

    async fn hand_on(&mut self, event: &Arc<Event>) -> Result<(), End> {
        self.send(event.message().to_string()).await
    }

    /// Sends, unless the events that wait meanwhile become too many.
    async fn send(&mut self, text: String) -> Result<(), End> {
        self.desk.metrics.titanic_websocket_messages_total.of(Direction::Sent).increment(1);
        tokio::select! {
            biased;
            sent = self.session.text(text) => Ok(sent?),
            () = self.subscription.overrun() => Err(TOO_SLOW),
        }
    }

    /// The answer to a message.
    fn answer(&mut self, text: &[u8]) -> String {
        let seat = self.desk.seat.clone();
        let Some(snapshot) = seat.live().map(|live| live.load()) else {
            return reply::error(message::reference(text).as_ref(), &Problem::not_ready("no model answers yet"));
        };
        let champion = &snapshot.model;
        let schema = champion.model.schema();
        let row = self.row.take().filter(|row| row.fits(schema));
        let row = self.row.insert(row.unwrap_or_else(|| Row::new(schema, Purpose::Predict)));
        let Asked { reference, call } = match message::read(text, schema, row) {
            Ok(asked) => asked,
            Err(problem) => return reply::error(message::reference(text).as_ref(), &problem),
        };
        match call {
            Call::Predict { explain } => {
                if !row.faults.is_empty() {
                    let mut faults = Faults::default();
                    faults.row(&row.faults, "", None);
                    return reply::error(reference.as_ref(), &faults.into_problem(1));
                }
                let prediction = predict(&champion.model, &champion.name, row, &mut self.work);
                let explanation = explain.then(|| champion.model.explain(row.view(), &mut self.work));
                let answer = reply::prediction(reference.as_ref(), &prediction, |out| {
                    explanation.iter().for_each(|e| explanation::write(e, schema, row.view(), out));
                });
                let metrics = &self.desk.metrics;
                metrics.titanic_predictions_rows_total.of(Door::WebSocket).increment(1);
                metrics.titanic_prediction_warnings_total.increment(prediction.warnings.len() as u64);
                self.desk.recorder.note(prediction);
                answer
            }
            Call::Subscribe { topics, since } => match self.subscription.add(topics, since.as_ref()) {
                Ok(seq) => reply::subscribed(reference.as_ref(), "subscribed", seq, self.desk.feed.epoch()),
                Err(fault) => reply::error(reference.as_ref(), &fault.into()),
            },
            Call::Unsubscribe { topics } => {
                let seq = self.subscription.remove(topics);
                reply::subscribed(reference.as_ref(), "unsubscribed", seq, self.desk.feed.epoch())
            }
        }
    }
}

fn predict(model: &Model, name: &Arc<str>, row: &mut Row, work: &mut Workspace) -> Prediction {
    let probability = model.probability(row.view(), work);
    Prediction {
        id: PredictionId::Fresh(uuid::Uuid::now_v7()),
        label: model.label(probability).clone(),
        probability,
        model: name.clone(),
        warnings: std::mem::take(&mut row.warnings),
    }
}

