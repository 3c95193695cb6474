//! Routes that start trainings, and list, show and cancel jobs. The jobs run in `control::jobs`.

mod asked;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
pub use asked::Defaults;

use super::body::{self, Intake};
use super::guard::Access;
use super::models::by;
use super::predictor::Predictor;
use super::problem::{Problem, kind};
use super::route::{Body, Parameter, Response, Route, Tag};
use super::{reply, views};
use crate::control::jobs::{CancelError, JobView, Jobs};

/// Access required to read jobs, by REST or as a topic of the live feed.
pub const ACCESS: Access = Access::ADMIN;

const ID: &[Parameter] = &[Parameter::path("id", "the job's id")];

pub static ROUTES: &[Route] = &[
    Route::post(
        "/v1/train",
        Tag::Training,
        Access::ADMIN,
        "Start a training job",
        || web::to(train),
    )
    .body(Body {
        formats: body::DOCUMENT,
        is_required: false,
        schema: |schemas| schemas.define("Training", |_| asked::schema()),
        example: |_, _| serde_json::json!({"folds": 5}),
    })
    .responses(&[Response::json::<views::Queued>(
        202,
        "It is queued; Location has the job.",
    )])
    .problems(&[&kind::UNREADABLE, &kind::MEDIA_TYPE, &kind::INVALID]),
    Route::get("/v1/jobs", Tag::Training, ACCESS, "List the jobs", || {
        web::to(list)
    })
    .responses(&[Response::json::<views::Jobs>(200, "Newest first.")]),
    Route::get("/v1/jobs/{id}", Tag::Training, ACCESS, "Show a job", || {
        web::to(show)
    })
    .parameters(ID)
    .responses(&[Response::json::<JobView>(
        200,
        "How far it is, and what came of it.",
    )])
    .problems(&[&kind::NOT_FOUND]),
    Route::delete(
        "/v1/jobs/{id}",
        Tag::Training,
        Access::ADMIN,
        "Cancel a job",
        || web::to(cancel),
    )
    .parameters(ID)
    .responses(&[Response::json::<JobView>(202, "It stops at its next step.")])
    .problems(&[&kind::NOT_FOUND, &kind::CONFLICT]),
];

/// Handles `POST /v1/train`: queues a training job.
pub async fn train(
    request: HttpRequest,
    mut payload: web::Payload,
    intake: web::Data<Intake>,
    jobs: web::Data<Jobs>,
    predictor: web::Data<Predictor>,
    defaults: web::Data<Defaults>,
) -> Result<HttpResponse, Problem> {
    let body = intake.read_document(&request, &mut payload).await?;
    let asked = asked::read(&body, &defaults, by(&request))?;
    predictor.champion()?; // whose table is trained on
    accepted(&jobs.submit(asked)?)
}

/// The 202 response for a new job: its id and state, and its address in the `Location` header.
pub(super) fn accepted(job: &JobView) -> Result<HttpResponse, Problem> {
    let queued = views::Queued {
        id: job.id.clone(),
        state: job.state,
    };
    let mut response = reply::json(StatusCode::ACCEPTED, &queued);
    let location = format!("/v1/jobs/{}", job.id);
    let location = header::HeaderValue::from_str(&location).map_err(Problem::internal)?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

pub async fn list(jobs: web::Data<Jobs>) -> HttpResponse {
    reply::json(StatusCode::OK, &views::Jobs { jobs: jobs.list() })
}

pub async fn show(path: web::Path<String>, jobs: web::Data<Jobs>) -> Result<HttpResponse, Problem> {
    match jobs.get(&path) {
        Some(job) => Ok(reply::json(StatusCode::OK, &job)),
        None => Err(CancelError::Unknown(path.into_inner()).into()),
    }
}

/// Handles `DELETE /v1/jobs/{id}`: cancels a job.
pub async fn cancel(
    path: web::Path<String>,
    jobs: web::Data<Jobs>,
) -> Result<HttpResponse, Problem> {
    Ok(reply::json(StatusCode::ACCEPTED, &jobs.cancel(&path)?))
}
