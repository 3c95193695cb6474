//! The routes by which hosting platforms call a model: Amazon SageMaker and MLflow, Vertex AI, KServe.
//!
//! They predict as `POST /v1/predict` does; [`wrapped`] takes the rows out of the object in which these platforms send them,
//! and puts the predictions into the object that they expect.

pub mod wrapped;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;

use super::body::{self, Format, SMALL};
use super::guard::Access;
use super::health::{self, Lifecycle};
use super::mode::Mode;
use super::options::Platform;
use super::predict::{self, PredictService};
use super::predictor::Predictor;
use super::problem::{Problem, kind};
use super::reply;
use super::route::{Body, JSON, Parameter, Response, Route, Tag};
use super::schemas::row;
use super::views::Health;
use crate::store::Store;
use wrapped::{Bounds, Wrapped};

/// The body of a request for predictions.
const BODY: Body = Body {
    formats: body::ROWS,
    is_required: true,
    schema: row::one_many_or_wrapped,
    example: row::example,
};

const NAME: &[Parameter] = &[Parameter::path("name", "the model's name on the platform")];

pub static ROUTES: &[Route] = &[
    Route::get(
        "/ping",
        Tag::Server,
        Access::Open,
        "Readiness, as Amazon SageMaker asks for it",
        || web::to(health::ready),
    )
    .responses(&[Response::json::<Health>(200, "It is ready.")])
    .problems(&[&kind::NOT_READY])
    .stateless()
    .direct(),
    Route::post(
        "/invocations",
        Tag::Predictions,
        predict::ACCESS,
        "Predict rows as Amazon SageMaker, MLflow and Vertex AI send them",
        || web::to(invocations),
    )
    .body(BODY)
    .responses(ANSWERS)
    .problems(kind::OF_STORED_BODIES)
    .stateless()
    .direct(),
    Route::post(
        "/v1/models/{name}:predict",
        Tag::Predictions,
        predict::ACCESS,
        "Predict rows as KServe sends them: {\"instances\": […]}",
        || web::to(predict_named),
    )
    .parameters(NAME)
    .body(BODY)
    .responses(ANSWERS)
    .problems(kind::OF_STORED_BODIES_OF_A_NAME)
    .stateless()
    .direct(),
];

const ANSWERS: &[Response] = &[
    Response {
        status: 200,
        about: "As `POST /v1/predict`; for rows in an object such as `{\"instances\": […]}`, `{\"predictions\": […], \"ids\": […]}`.",
        media_type: JSON,
        schema: predict::invoked,
    },
    Response::text(200, "", "text/csv"),
    Response::text(200, "", "application/x-ndjson"),
];

/// The route that Vertex AI calls at its path for readiness.
pub static HEALTH: &Route = &ROUTES[0];

/// The route that Vertex AI calls at its path for rows.
pub static PREDICT: &Route = &ROUTES[1];

/// KServe's document about a model.
#[derive(Debug, Serialize)]
struct Ready {
    name: String,
    ready: bool,
}

/// KServe's answer about a model of this name; `None` if the live model has another.
pub async fn ready(request: &HttpRequest, name: &str) -> Option<Result<HttpResponse, Problem>> {
    let predictor = request.app_data::<web::Data<Predictor>>()?;
    let names = request.app_data::<web::Data<Platform>>()?;
    if !is_called(names, predictor, name) {
        return None;
    }
    let lifecycle = request.app_data::<web::Data<Lifecycle>>()?.clone();
    let store = request.app_data::<web::Data<Store>>()?.clone();
    let ready = health::ready(predictor.clone(), lifecycle, store).await;
    let name = name.to_owned();
    Some(ready.map(|_| reply::json(StatusCode::OK, &Ready { name, ready: true })))
}

/// Whether the platform calls the live model by this name.
fn is_called(names: &Platform, predictor: &Predictor, name: &str) -> bool {
    match &names.model_name {
        Some(model) => model == name,
        None => predictor
            .champion()
            .is_ok_and(|champion| champion.model.spec().name == name),
    }
}

async fn predict_named(
    request: HttpRequest,
    payload: web::Payload,
    path: web::Path<String>,
    service: web::Data<PredictService>,
    mode: web::Data<Mode>,
    names: web::Data<Platform>,
) -> Result<HttpResponse, Problem> {
    if !is_called(&names, &service.predictor, &path) {
        let detail = format!(
            "no model is called {:?} here; GET /v1/models lists them, and server.platform.model_name gives the live one another name",
            crate::schema::fault::excerpt(&path)
        );
        return Err(Problem::new(&kind::NOT_FOUND, detail));
    }
    invocations(request, payload, service, mode).await
}

/// The name by which Amazon SageMaker knows JSON lines.
const JSON_LINES: &str = "application/jsonlines";

/// The format of a body, and the media type of the response.
fn format(headers: &HeaderMap) -> Result<(Format, &'static str), Problem> {
    let given = headers.get(header::CONTENT_TYPE);
    let essence = given.and_then(|value| value.to_str().ok()?.split(';').next());
    if essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(JSON_LINES)) {
        return Ok((Format::JsonLines, JSON_LINES));
    }
    let format = body::format(headers, body::ROWS)?;
    Ok((format, format.media_type()))
}

async fn invocations(
    request: HttpRequest,
    mut payload: web::Payload,
    service: web::Data<PredictService>,
    mode: web::Data<Mode>,
) -> Result<HttpResponse, Problem> {
    let (format, media_type) = format(request.headers())?;
    let mut body = service.intake.read(&request, &mut payload).await?;
    let bounds = Bounds {
        rows: service.most_rows(),
        bytes: service.intake.limit(),
    };
    let bytes = body.bytes.clone();
    let unwrap = move || Wrapped::of(&bytes, bounds);
    let found = match format {
        Format::Json if body.bytes.len() > SMALL => {
            web::block(unwrap).await.map_err(Problem::internal)??
        }
        Format::Json => unwrap()?,
        _ => None,
    };
    let Some(wrapped) = found else {
        let asked = predict::ask(&request, request.query_string(), **mode, format)?;
        let reply = service.reply(&request, asked, format, body).await?;
        let mut response = reply::rows(format, reply.bytes, reply.model.as_deref());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        return Ok(response);
    };
    let query = wrapped.query(request.query_string());
    let asked = predict::ask(&request, &query, **mode, format)?;
    let key = wrapped.key;
    body.bytes = wrapped.rows.into();
    let reply = service.reply(&request, asked, format, body).await;
    let reply = reply.map_err(|problem| problem.within(&format!("/{key}")))?;
    let bytes = wrapped::predictions(&reply.bytes).map_err(Problem::internal)?;
    Ok(reply::rows(format, bytes, None))
}
