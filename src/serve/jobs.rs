//! Trainings: asked for, looked at, called off. None is carried out here.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value, json};

use super::body::{self, Intake};
use super::models::by;
use super::predictor::Predictor;
use super::problem::{Entry, Problem, kind};
use super::reply;
use crate::control::jobs::{Asked, CancelFault, Jobs, learners};
use crate::control::promotion::Promote;
use crate::schema::fault::nearest;

/// Keys of the body; the OpenAPI document says the same.
pub const KEYS: &[&str] = &["learner", "folds", "repeats", "seed", "promote"];

/// Most folds or repeats of a training that is asked for over the wire: beyond it is a mistake or an attack.
pub const MOST_FITS: u64 = 1000;

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
    let headers = request.headers();
    let body = intake.read(headers, &mut payload).await?;
    if headers.contains_key(header::CONTENT_TYPE) || !body.bytes.is_empty() {
        body::format(headers, body::DOCUMENT)?;
    }
    let asked = asked(&body.bytes, &defaults, by(&request))?;
    predictor.champion()?; // whose table is trained on
    let job = jobs.submit(asked)?;
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
pub async fn cancel(path: web::Path<String>, jobs: web::Data<Jobs>) -> Result<HttpResponse, Problem> {
    Ok(reply::json(StatusCode::ACCEPTED, &jobs.cancel(&path)?))
}

fn asked(body: &[u8], defaults: &Defaults, by: String) -> Result<Asked, Problem> {
    let body: Map<String, Value> = match body.trim_ascii() {
        [] => Map::new(),
        body => match serde_json::from_slice(body) {
            Ok(Value::Object(body)) => body,
            Ok(_) => return Err(Problem::new(&kind::UNREADABLE, "an object is needed, such as {\"folds\": 5}")),
            Err(fault) => return Err(Problem::new(&kind::UNREADABLE, format!("not readable as JSON: {fault}"))),
        },
    };
    let mut faults = Vec::new();
    for (key, value) in body.iter().filter(|(key, _)| !KEYS.contains(&key.as_str())) {
        let near = nearest(key, KEYS.iter().copied()).map_or_else(String::new, |near| format!("did you mean {near:?}?"));
        faults.push(Entry::new(format!("/{}", super::problem::escape(key)), "unknown_key", value.clone(), &KEYS.join(", "), near));
    }
    let mut number = |key: &str, least: u64, most: u64, default: u64| match body.get(key) {
        None | Some(Value::Null) => default,
        Some(value) => value.as_u64().filter(|n| (least..=most).contains(n)).unwrap_or_else(|| {
            let allowed = format!("a whole number from {least} to {most}");
            let problem = if value.is_number() { "out_of_range" } else { "wrong_type" };
            faults.push(Entry::new(format!("/{key}"), problem, value.clone(), &allowed, ""));
            default
        }),
    };
    let folds = number("folds", 2, MOST_FITS, defaults.folds as u64) as usize;
    let repeats = number("repeats", 1, MOST_FITS, defaults.repeats as u64) as usize;
    let seed = number("seed", 0, u64::MAX, defaults.seed);
    let names: Vec<&str> = ["auto"].into_iter().chain(learners()).collect();
    let learner = word(&body, "learner", &names, &mut faults);
    let promote = word(&body, "promote", &["auto", "always", "never"], &mut faults);
    if !faults.is_empty() {
        return Err(Problem::new(&kind::INVALID, "the training cannot be asked for like this").with(faults));
    }
    let promote = match promote.as_deref() {
        Some("always") => Promote::Always,
        Some("never") => Promote::Never,
        Some(_) => Promote::Auto,
        None => defaults.promote,
    };
    Ok(Asked { learner, folds, repeats, seed, promote, by })
}

/// One of a few words.
fn word(body: &Map<String, Value>, key: &str, allowed: &[&str], faults: &mut Vec<Entry>) -> Option<String> {
    match body.get(key)? {
        Value::Null => None,
        Value::String(word) if allowed.contains(&word.as_str()) => Some(word.clone()),
        value => {
            let near = value.as_str().and_then(|word| nearest(word, allowed.iter().copied()));
            let remedy = near.map_or_else(String::new, |near| format!("did you mean {near:?}?"));
            let problem = if value.is_string() { "unknown_level" } else { "wrong_type" };
            faults.push(Entry::new(format!("/{key}"), problem, value.clone(), &allowed.join(", "), remedy));
            None
        }
    }
}
