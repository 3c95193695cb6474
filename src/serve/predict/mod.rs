//! `POST /v1/predict`: rows in, answers out, in the format they came in.

pub mod answer;
mod asked;
mod many;
mod named;
mod one;
mod write;

use std::sync::Arc;

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use tokio::sync::Semaphore;

pub use asked::{PARAMETERS, TRANSPORT, page};
pub use one::check;

use super::body::{self, Format, Intake, SMALL};
use super::predictor::Predictor;
use super::problem::Problem;
use super::reply;
use super::rows::KEY as IDEMPOTENCY_KEY;
use crate::store::{Store, StoreError};
use asked::Asked;
use many::Thread;
use named::Named;

/// What the route works with. Clones share everything.
#[derive(Clone)]
pub struct Desk {
    /// Answers rows.
    pub predictor: Predictor,
    /// Takes bodies in.
    pub intake: Intake,
    /// Rows of one request.
    most_rows: usize,
    /// Large bodies that are answered at once.
    benches: Arc<Semaphore>,
    named: Arc<Named>,
    store: Store,
}

impl Desk {
    /// A desk for requests of at most `most_rows`, of which `at_once` large ones are answered at once.
    pub fn new(
        predictor: Predictor,
        store: Store,
        intake: Intake,
        most_rows: usize,
        at_once: usize,
    ) -> Desk {
        Desk {
            predictor,
            intake,
            most_rows,
            benches: Arc::new(Semaphore::new(at_once)),
            named: Arc::default(),
            store,
        }
    }

    /// When a prediction under an id of the caller's own was answered, as far as that is kept in memory.
    pub fn named_at(&self, id: &str) -> Option<Timestamp> {
        Some(self.named.get(id)?.prediction.time)
    }

    /// Rows of one request, at most.
    pub fn most_rows(&self) -> usize {
        self.most_rows
    }

    fn answer(
        &self,
        asked: &Asked,
        format: Format,
        thread: Thread,
        body: &[u8],
    ) -> Result<Reply, Problem> {
        let is_object = || body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        if format == Format::Json && is_object() {
            let bytes = one::answer(&self.predictor, (&self.named, &self.store), asked, body)?;
            return Ok(Reply { bytes, model: None });
        }
        many::answer(&self.predictor, asked, format, self.most_rows, thread, body)
    }

    /// The same on a thread that serves nobody else.
    async fn answer_apart(
        &self,
        asked: Asked,
        format: Format,
        body: body::Body,
    ) -> Result<Reply, Problem> {
        let bench = self
            .benches
            .clone()
            .acquire_owned()
            .await
            .map_err(Problem::internal)?;
        let desk = self.clone();
        let work = move || {
            let answer = desk.answer(&asked, format, Thread::Apart, &body.bytes);
            drop((body, bench));
            answer
        };
        web::block(work).await.map_err(Problem::internal)?
    }
}

/// Marks a request as a trial: how long it takes is nothing an alert rule counts.
#[derive(Clone, Copy, Debug)]
pub struct Trial;

/// An answer, with the name of its model where the format has no place for it.
struct Reply {
    bytes: Vec<u8>,
    model: Option<Arc<str>>,
}

/// Answers rows.
pub async fn predict(
    request: HttpRequest,
    mut payload: web::Payload,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Problem> {
    let format = body::format(request.headers(), body::ROWS)?;
    let asked = Asked::read(request.query_string(), format)?;
    if asked.origin.trial {
        if request.headers().contains_key(IDEMPOTENCY_KEY) {
            return Err(asked::no_trial("an Idempotency-Key"));
        }
        request.extensions_mut().insert(Trial);
    }
    let body = desk.intake.read(request.headers(), &mut payload).await?;
    let durable = asked.durable;
    let lost = desk.store.lost();
    // A named prediction may have to be looked up, and the disk may stall.
    let answer = if body.bytes.len() <= SMALL && asked.id.is_none() {
        desk.answer(&asked, format, Thread::Serving, &body.bytes)?
    } else {
        desk.answer_apart(asked, format, body).await?
    };
    if durable {
        desk.store.flush().await?; // what was noted before is on the disk with it
        // One that was lost meanwhile may have been of this request.
        if desk.store.lost() != lost {
            let why = "the disk does not follow, and predictions are lost";
            return Err(StoreError::Unavailable(why.into()).into());
        }
    }
    Ok(reply::rows(format, answer.bytes, answer.model.as_deref()))
}
