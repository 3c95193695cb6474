//! Trainings: asked for, looked at, called off. None is carried out here.

mod asked;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::body::Intake;
use super::models::by;
use super::predictor::Predictor;
use super::problem::Problem;
use super::reply;
use crate::control::jobs::{CancelFault, JobView, Jobs};
use crate::promotion::policy::Promote;

pub use asked::MOST_FITS;

/// What a training is where the body does not say.
#[derive(Clone, Copy, Debug)]
pub struct Defaults {
    /// Folds of the cross-validation.
    pub folds: usize,
    /// Repeats of it.
    pub repeats: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// What becomes of the result.
    pub promote: Promote,
}

/// Asks for a training.
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

/// What is answered where a job begins: its id and state, with its address.
pub(super) fn accepted(job: &JobView) -> Result<HttpResponse, Problem> {
    let answer = json!({"id": job.id, "state": job.state});
    let mut response = reply::json(StatusCode::ACCEPTED, &answer);
    let location = format!("/v1/jobs/{}", job.id);
    let location = header::HeaderValue::from_str(&location).map_err(Problem::internal)?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(response)
}

/// Every job known.
pub async fn list(jobs: web::Data<Jobs>) -> HttpResponse {
    reply::json(StatusCode::OK, &json!({"jobs": jobs.list()}))
}

/// One job.
pub async fn show(path: web::Path<String>, jobs: web::Data<Jobs>) -> Result<HttpResponse, Problem> {
    match jobs.get(&path) {
        Some(job) => Ok(reply::json(StatusCode::OK, &job)),
        None => Err(CancelFault::Unknown(path.into_inner()).into()),
    }
}

/// Calls a job off.
pub async fn cancel(
    path: web::Path<String>,
    jobs: web::Data<Jobs>,
) -> Result<HttpResponse, Problem> {
    Ok(reply::json(StatusCode::ACCEPTED, &jobs.cancel(&path)?))
}
