//! `POST /v1/predict`: predicts rows and responds in the format of the request body.

mod answered;
mod asked;
mod many;
mod one;
mod thread;
mod write;

use std::rc::Rc;

use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
pub use asked::{Asked, TRANSPORT, page};
use serde_json::{Value, json};
pub use write::Reply;

use super::admission::{Admission, Client, Kind, Priced, Work};
use super::body::{self, Format, Intake, SMALL};
use super::guard::Access;
use super::mode::Mode;
use super::predictor::Predictor;
use super::problem::{Problem, kind};
use super::route::{Body, JSON, Response, Route, Tag};
use super::schemas::{Schemas, row};
use super::stream::{self, Connection};
use super::{reply, views};
use crate::store::StoreError;
use thread::Thread;

/// The header by which a repeated request to store rows is recognized.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The access required to predict, over REST or WebSocket.
pub const ACCESS: Access = Access::PREDICT;

/// The body of a request for predictions.
pub const BODY: Body = Body {
    formats: body::ROWS,
    is_required: true,
    schema: row::one_or_many,
    example: row::example,
};

pub static ROUTES: &[Route] = &[Route::post(
    "/v1/predict",
    Tag::Predictions,
    ACCESS,
    "Predict one row or many",
    || web::to(predict),
)
.parameters(asked::PARAMETERS)
.body(BODY)
.responses(&[
    Response {
        status: 200,
        about: "An object for an object, an object with the list `predictions` for a list, CSV for CSV, JSON lines for JSON lines.",
        media_type: JSON,
        schema: answers,
    },
    Response::text(200, "", "text/csv"),
    Response::text(200, "", "application/x-ndjson"),
])
.problems(kind::OF_STORED_BODIES)
.stateless()];

/// The schema of the JSON responses; its labels are those of the live model.
fn answers(schemas: &mut Schemas<'_>) -> Value {
    schemas.define("PredictedLabel", |model| {
        let target = model.schema().target();
        json!({
            "enum": [target.negative, target.positive],
            "description": format!("of {}; the positive one is {}", target.column, target.positive),
        })
    });
    schemas.of::<views::Answer>()
}

/// The schema of the JSON responses of the routes by which hosting platforms call a model.
pub fn invoked(schemas: &mut Schemas<'_>) -> Value {
    let plain = answers(schemas);
    let wrapped = schemas.of::<views::WrappedPredictions>();
    json!({"anyOf": [plain, wrapped]})
}

/// State of the route. Clones share everything.
#[derive(Clone)]
pub struct PredictService {
    pub predictor: Predictor,
    pub intake: Intake,
    /// Maximum number of rows per request.
    most_rows: usize,
    /// Runs large bodies and explanations on a separate pool.
    admission: Admission,
}

impl PredictService {
    /// Creates the state for requests of at most `most_rows` rows.
    pub fn new(
        predictor: Predictor,
        intake: Intake,
        admission: Admission,
        most_rows: usize,
    ) -> PredictService {
        PredictService {
            predictor,
            intake,
            most_rows,
            admission,
        }
    }

    /// Maximum number of rows per request.
    pub fn most_rows(&self) -> usize {
        self.most_rows
    }

    fn answer(
        &self,
        asked: &Asked,
        format: Format,
        thread: Thread<'_>,
        body: &[u8],
    ) -> Result<Reply, Problem> {
        let is_object = || body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{');
        if format == Format::Json && is_object() {
            let bytes = one::answer(&self.predictor, asked, body)?;
            return Ok(Reply { bytes, model: None });
        }
        many::answer(&self.predictor, asked, format, self.most_rows, thread, body)
    }

    /// Predicts a body on the admission pool instead of the serving thread.
    async fn answer_apart(
        &self,
        connection: Option<&Rc<Connection>>,
        asked: Asked,
        format: Format,
        body: body::Body,
    ) -> Result<Reply, Problem> {
        let work = Work {
            rows: body::about_rows(format, &body.bytes).min(self.most_rows),
            kind: match asked.request.explain {
                true => Kind::Explain,
                false => Kind::Predict,
            },
        };
        let model = Priced::from(&*self.predictor.champion()?);
        let service = self.clone();
        let job = move |client: &Client| {
            let answer = service.answer(&asked, format, Thread::Apart(client), &body.bytes);
            drop(body);
            answer
        };
        self.admission.run(connection, &model, work, job).await
    }

    /// Predicts a body and, if asked, waits until the predictions are stored.
    ///
    /// # Errors
    /// 400 or 422 if the rows cannot be predicted; 503 if there is too much work, or if the predictions cannot be stored.
    pub async fn reply(
        &self,
        request: &HttpRequest,
        asked: Asked,
        format: Format,
        body: body::Body,
    ) -> Result<Reply, Problem> {
        let durable = asked.durable;
        let store = &self.predictor.store;
        let lost = store.lost();
        // A client-chosen id may require a read from disk, and the disk may stall.
        let is_quick =
            body.bytes.len() <= SMALL && asked.request.id.is_none() && !asked.request.explain;
        let answer = if is_quick {
            self.answer(&asked, format, Thread::Serving, &body.bytes)?
        } else {
            self.answer_apart(stream::of(request), asked, format, body)
                .await?
        };
        if durable {
            store.flush().await?; // what was noted before is on the disk with it
            // A prediction that was dropped in the meantime may have belonged to this request.
            if store.lost() != lost {
                let why = "the disk does not keep up, and predictions are dropped";
                return Err(StoreError::Unavailable(why.into()).into());
            }
        }
        Ok(answer)
    }
}

/// Request extension that marks a trial. Alert rules ignore the latency of trials.
#[derive(Clone, Copy, Debug)]
pub struct Trial;

/// Handles a prediction request.
pub async fn predict(
    request: HttpRequest,
    mut payload: web::Payload,
    service: web::Data<PredictService>,
    mode: web::Data<Mode>,
) -> Result<HttpResponse, Problem> {
    let format = body::format(request.headers(), body::ROWS)?;
    let asked = ask(&request, request.query_string(), **mode, format)?;
    let body = service.intake.read(&request, &mut payload).await?;
    let answer = service.reply(&request, asked, format, body).await?;
    Ok(reply::rows(format, answer.bytes, answer.model.as_deref()))
}

/// Parses the parameters of a prediction request, and marks a trial as such.
///
/// # Errors
/// 400 for invalid parameters; 409 for what a predict-only server does not do.
pub fn ask(
    request: &HttpRequest,
    query: &str,
    mode: Mode,
    format: Format,
) -> Result<Asked, Problem> {
    let asked = Asked::read(query, format)?;
    if asked.request.trial {
        if request.headers().contains_key(IDEMPOTENCY_KEY) {
            return Err(asked::no_trial("an Idempotency-Key"));
        }
        request.extensions_mut().insert(Trial);
    }
    if asked.durable {
        mode.stores("durable=true")?;
    }
    if asked.request.id.is_some() {
        mode.stores("id=…")?; // only a store knows whether another row has this id
    }
    Ok(asked)
}
