//! Handles one message and produces its response. No network I/O happens here: text in, text out, and a changed subscription.

use std::rc::Rc;
use std::time::Instant;

use actix_web::ResponseError;
use actix_web::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::message::{Message, Ref};
use super::types::{self, TYPES};
use crate::live::Champion;
use crate::model::Workspace;
use crate::schema::Row;
use crate::schema::fault::{excerpt, nearest};
use crate::schema::json::{self, JsonError};
use crate::serve::admission::{Admission, Client, Kind as WorkKind, Priced, Work};
use crate::serve::base_path::BasePath;
use crate::serve::guard::{Access, Caller};
use crate::serve::labels::{self, given};
use crate::serve::mode::Mode;
use crate::serve::predictor::{Predictor, Request, on_scratch};
use crate::serve::problem::{Entry, Problem, escape, kind};
use crate::serve::stream::Connection;
use crate::store::Store;
use crate::store::feed::{Feed, Since, Subscription, TOPICS, Topics, name, named};
use crate::store::labels::{Done, Given, Status};
use crate::telemetry::metrics::Transport;

/// Initial buffer capacity, in bytes, for a response without an explanation.
const USUAL: usize = 288;

/// The outcome of handling a message.
pub enum Reply {
    /// The response text, ready to be sent.
    Ready(String),
    /// A label that has yet to be stored, with the message's `ref`; the response follows once it is on disk.
    Label(String, Given),
    /// A prediction with its explanation, which is computed on the admission pool.
    Explanation(Explanation),
}

/// A message that requests an explanation, which takes too long for a serving thread.
pub struct Explanation {
    rows: Rows,
    reference: String,
    text: String,
    /// When the message arrived; `None` for a trial, which no objective holds for.
    begun: Option<Instant>,
}

/// Predicts the rows of one connection.
#[derive(Clone)]
pub struct Rows {
    /// Gives access to the live model.
    pub predictor: Predictor,
    /// The transport recorded for the rows.
    pub transport: Transport,
}

/// State with which the messages of one connection are handled.
pub struct Responder {
    pub store: Store,
    pub rows: Rows,
    /// Runs the computation of explanations.
    pub admission: Admission,
    /// The underlying connection. None in tests without one.
    pub connection: Option<Rc<Connection>>,
    /// Event feed that the client can subscribe to.
    pub feed: Feed,
    /// The client's current subscription.
    pub subscription: Option<Subscription>,
    /// The caller, if tokens are configured.
    pub caller: Option<Caller>,
    pub mode: Mode,
    /// Base path of the links in problems.
    pub base: BasePath,
}

impl Responder {
    pub fn answer(&mut self, text: &str) -> Reply {
        let begun = Instant::now();
        let champion = match self.rows.predictor.champion() {
            Ok(champion) => champion,
            Err(problem) => return Reply::Ready(self.error(Ref::None.json(), &problem)),
        };
        on_scratch(champion.model.schema(), |row, work| {
            let message = match Message::read(text, champion.model.schema(), row) {
                Ok(message) => message,
                Err(fault) => {
                    return Reply::Ready(self.error(Ref::None.json(), &unreadable(fault, text)));
                }
            };
            let target = champion.model.schema().target();
            let done = self.check(&message).and_then(|kind| match kind {
                "predict" if flag(&message, "explain", false)? => {
                    Ok(Reply::Explanation(Explanation {
                        rows: self.rows.clone(),
                        reference: message.reference.json().to_owned(),
                        text: text.to_owned(),
                        begun: flag(&message, "store", true)?.then_some(begun),
                    }))
                }
                "predict" => {
                    let is_trial = !flag(&message, "store", true)?;
                    let made = self.rows.predict(&message, &champion, row, work);
                    self.rows.count((!is_trial).then_some(begun), &made);
                    made.map(Reply::Ready)
                }
                "subscribe" => self.subscribe(&message).map(Reply::Ready),
                "unsubscribe" => self.unsubscribe(&message).map(Reply::Ready),
                _ => {
                    let pairs = message.others.iter().map(|(key, value)| (&**key, value));
                    let given = given::check(pairs, "", target).map_err(given::invalid)?;
                    Ok(Reply::Label(message.reference.json().to_owned(), given))
                }
            });
            done.unwrap_or_else(|problem| {
                Reply::Ready(self.error(message.reference.json(), &problem))
            })
        })
    }

    /// Stores a label and returns the response once the label is on disk.
    pub async fn label(&self, reference: String, given: Given) -> String {
        let done = self.store.label_by(vec![given.clone()], false).await;
        let done = done.map_err(Problem::from).map(|mut all| all.pop());
        let problem = match done {
            Ok(Some(Done {
                status: Status::Conflict(stored),
                ..
            })) => labels::conflict(&given, &stored),
            Ok(Some(done)) => {
                return reply("labelled", &reference, labels::document(&given, &done));
            }
            Ok(None) => Problem::internal("a label came to nothing"),
            Err(problem) => problem,
        };
        self.error(&reference, &problem)
    }

    /// Computes an explanation on the admission pool and returns the response.
    pub async fn explain(&self, asked: Explanation) -> String {
        let (reference, begun) = (asked.reference.clone(), asked.begun);
        let work = Work {
            rows: 1,
            kind: WorkKind::Explain,
        };
        let champion = match self.rows.predictor.champion() {
            Ok(champion) => Priced::from(&*champion),
            Err(problem) => return self.error(&reference, &problem),
        };
        let job = move |_: &Client| asked.make();
        let connection = self.connection.as_ref();
        let made = self.admission.run(connection, &champion, work, job).await;
        self.rows.count(begun, &made);
        made.unwrap_or_else(|problem| self.error(&reference, &problem))
    }

    /// The type of a message, after checking that its keys belong to that type and that the caller may send it.
    fn check(&self, message: &Message<'_>) -> Result<&'static str, Problem> {
        let kind = check_keys(message)?;
        self.may(types::access(kind))?;
        if !types::is_stateless(kind) {
            self.mode.stores(&format!("a message of type {kind:?}"))?;
        }
        Ok(kind)
    }

    /// The error response, as JSON, to the message whose `ref` is `reference`.
    pub fn error(&self, reference: &str, problem: &Problem) -> String {
        let problem = problem.document(&self.base);
        reply("error", reference, json!({"problem": problem}))
    }

    fn may(&self, access: Access) -> Result<(), Problem> {
        self.caller.as_ref().map_or(Ok(()), |c| c.may(access))
    }

    fn subscribe(&mut self, message: &Message<'_>) -> Result<String, Problem> {
        let topics = topics(message)?
            .ok_or_else(|| fault("/topics", "missing", &Value::Null, &topic_names()))?;
        for topic in topics.each() {
            self.may(types::access_of(topic))?;
            if !self.mode.topics().any(|lives| lives == topic) {
                self.mode.stores(&format!("the topic {:?}", name(topic)))?;
            }
        }
        let since = since(message)?;
        let feed = &self.feed;
        let subscription = self.subscription.get_or_insert_with(|| feed.open());
        let seq = subscription.add(topics, since.as_ref())?;
        let more = json!({"seq": seq, "epoch": feed.epoch()});
        Ok(reply("subscribed", message.reference.json(), more))
    }

    /// Removes topics from the subscription; a message without topics removes all.
    fn unsubscribe(&mut self, message: &Message<'_>) -> Result<String, Problem> {
        let topics = topics(message)?.unwrap_or_else(Topics::all);
        let mut left = Topics::default();
        if let Some(subscription) = &mut self.subscription {
            subscription.remove(topics);
            left = subscription.topics();
        }
        let left: Vec<&str> = left.names().collect();
        if left.is_empty() {
            self.subscription = None;
        }
        let reference = message.reference.json();
        Ok(reply("unsubscribed", reference, json!({"topics": left})))
    }
}

impl Explanation {
    /// Parses the message again, because the live model may have changed since it arrived.
    fn make(&self) -> Result<String, Problem> {
        let champion = self.rows.predictor.champion()?;
        let schema = champion.model.schema();
        on_scratch(schema, |row, work| {
            let message = Message::read(&self.text, schema, row);
            let message = message.map_err(|fault| unreadable(fault, &self.text))?;
            self.rows.predict(&message, &champion, row, work)
        })
    }
}

impl Rows {
    /// Counts the response to a message that arrived at `begun`, by the status that it would have over REST.
    fn count(&self, begun: Option<Instant>, made: &Result<String, Problem>) {
        if let Some(begun) = begun {
            let status = made
                .as_ref()
                .map_or_else(Problem::status_code, |_| StatusCode::OK);
            let answers = &self.predictor.metrics.answers;
            answers.record(status.as_u16(), begun.elapsed());
        }
    }

    fn predict(
        &self,
        message: &Message<'_>,
        champion: &Champion,
        row: &Row,
        work: &mut Workspace,
    ) -> Result<String, Problem> {
        let request = Request {
            transport: self.transport,
            explain: flag(message, "explain", false)?,
            trial: !flag(message, "store", true)?,
            id: None,
        };
        if !message.has_row {
            return Err(fault(
                "/row",
                "missing",
                &Value::Null,
                "an object like {\"column\": value}",
            ));
        }
        let mut out = Vec::with_capacity(USUAL);
        out.extend_from_slice(b"{\"type\":\"prediction\",\"ref\":");
        out.extend_from_slice(message.reference.json().as_bytes());
        out.push(b',');
        self.predictor
            .predict(champion, row, &request, work, &mut out)?;
        out.push(b'}');
        Ok(String::from_utf8(out).expect("JSON is UTF-8"))
    }
}

/// A response of type `kind`, as JSON, to the message whose `ref` is `reference`, with the fields of `more`.
fn reply(kind: &str, reference: &str, more: impl Serialize) -> String {
    let more = serde_json::to_string(&more).expect("its keys are text");
    let more = more.trim_start_matches('{');
    format!(r#"{{"type":"{kind}","ref":{reference},{more}"#)
}

fn unreadable(fault: serde_json::Error, text: &str) -> Problem {
    let detail = match json::explained(fault, text.as_bytes()) {
        JsonError::Syntax(fault) => format!("not readable as a message: {fault}"),
        named => named.to_string(),
    };
    Problem::new(&kind::UNREADABLE, detail)
}

/// The type of a message, after checking that all its keys belong to that type.
fn check_keys(message: &Message<'_>) -> Result<&'static str, Problem> {
    let names = || TYPES.iter().map(|kind| kind.name);
    let given = message.kind.as_deref().unwrap_or_default();
    let Some(kind) = TYPES.iter().find(|kind| kind.name == given) else {
        let near = nearest(given, names())
            .map_or_else(String::new, |near| format!("; did you mean {near:?}?"));
        let detail = format!("there is no message of type {:?}{near}", excerpt(given));
        let allowed = names().collect::<Vec<_>>().join(", ");
        let entry = Entry::new("/type", "unknown_level", given.into(), &allowed, "");
        return Err(Problem::new(&kind::INVALID, detail).with(vec![entry]));
    };
    if message.reference == Ref::Wrong {
        return Err(fault(
            "/ref",
            "wrong_type",
            &Value::Null,
            "a number or text of at most 256 bytes",
        ));
    }
    let types::Type {
        name: kind, keys, ..
    } = *kind;
    let row = message.has_row.then_some("row");
    for key in message.others.iter().map(|(key, _)| &**key).chain(row) {
        if !keys.contains(&key) {
            let near = nearest(key, keys.iter().copied())
                .map_or_else(String::new, |near| format!("did you mean {near:?}?"));
            let entry = Entry::new(
                format!("/{}", escape(key)),
                "unknown_key",
                Value::Null,
                &keys.join(", "),
                near,
            );
            return Err(
                Problem::new(&kind::INVALID, format!("{kind} has no {:?}", excerpt(key)))
                    .with(vec![entry]),
            );
        }
    }
    Ok(kind)
}

/// A boolean field; `usual` is its default.
fn flag(message: &Message<'_>, key: &str, usual: bool) -> Result<bool, Problem> {
    match message.other(key) {
        None | Some(Value::Null) => Ok(usual),
        Some(Value::Bool(given)) => Ok(*given),
        Some(other) => Err(fault(
            &format!("/{key}"),
            "wrong_type",
            other,
            "true or false",
        )),
    }
}

fn topics(message: &Message<'_>) -> Result<Option<Topics>, Problem> {
    let list = match message.other("topics") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Array(list)) if !list.is_empty() => list,
        Some(other) => {
            return Err(fault(
                "/topics",
                "wrong_type",
                other,
                &format!("a list of {}", topic_names()),
            ));
        }
    };
    let topic = |(at, value): (usize, &Value)| {
        let topic = value.as_str().and_then(named);
        topic.ok_or_else(|| {
            fault(
                &format!("/topics/{at}"),
                "unknown_level",
                value,
                &topic_names(),
            )
        })
    };
    list.iter()
        .enumerate()
        .map(topic)
        .collect::<Result<_, _>>()
        .map(Some)
}

fn since(message: &Message<'_>) -> Result<Option<Since>, Problem> {
    let epoch = match message.other("epoch") {
        None | Some(Value::Null) => None,
        Some(Value::String(epoch)) => Some(epoch.clone()),
        Some(other) => {
            return Err(fault(
                "/epoch",
                "wrong_type",
                other,
                "text, as subscribed had it",
            ));
        }
    };
    match message.other("since") {
        None | Some(Value::Null) => Ok(None),
        Some(since) => match since.as_u64() {
            Some(seq) => Ok(Some(Since { seq, epoch })),
            None => Err(fault(
                "/since",
                "wrong_type",
                since,
                "the number of an event",
            )),
        },
    }
}

fn topic_names() -> String {
    TOPICS.map(name).join(", ")
}

fn fault(path: &str, problem: &str, got: &Value, allowed: &str) -> Problem {
    let detail = format!(
        "{path}: {}; a message needs {allowed} there",
        problem.replace('_', " ")
    );
    Problem::new(&kind::INVALID, detail).with(vec![Entry::new(
        path,
        problem,
        got.clone(),
        allowed,
        "",
    )])
}
