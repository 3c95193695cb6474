//! Rows of the quarantine: listed, checked again, dropped.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use super::predictor::Predictor;
use super::problem::{Problem, kind};
use super::{events, query, reply};
use crate::pulls::quarantine::{self, Retry};
use crate::store::Store;
use crate::store::maintenance::Retried;
use crate::store::rows::QuarantinedView;

/// Parameters of the list.
const PARAMETERS: &[&str] = &["after", "limit"];

/// Rows of one response where `limit` is not given.
const USUAL: usize = 100;

/// Most rows of one response; a larger `limit` is lowered to it.
const MOST: usize = 10_000;

/// Rows after an id, oldest first, and the id after which to go on; null after the last one.
pub async fn list(request: HttpRequest, store: web::Data<Store>) -> Result<HttpResponse, Problem> {
    let (mut after, mut limit) = (String::new(), USUAL);
    for (name, value) in query::pairs(request.query_string(), PARAMETERS)? {
        match &*name {
            "after" => after = value.into_owned(),
            _ => limit = (events::number(&name, &value)? as usize).clamp(1, MOST),
        }
    }
    let rows = web::block(move || store.quarantine_after(&after, limit + 1));
    let mut rows = rows.await.map_err(Problem::internal)??;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|row| row.id.clone());
    let rows: Vec<QuarantinedView> = rows.into_iter().map(Into::into).collect();
    let document = json!({"quarantine": rows, "next": next});
    Ok(reply::json(StatusCode::OK, &document))
}

/// Checks a row again by the live model's spec, and stores it if it is good now.
pub async fn retry(
    path: web::Path<String>,
    predictor: web::Data<Predictor>,
    store: web::Data<Store>,
) -> Result<HttpResponse, Problem> {
    let id = path.into_inner();
    let reader = store.clone();
    let found = web::block(move || reader.quarantined(&id).map(|row| row.ok_or(id)));
    let row = found.await.map_err(Problem::internal)??;
    let row = row.map_err(|id| unknown(&id))?;
    let champion = predictor.champion()?;
    let mut retried = Retried::default();
    quarantine::check(champion.model.schema(), row, &mut retried);
    let bad = retried.bad.clone();
    let taken = store.retry_quarantined(retried).await?;
    Ok(reply::json(StatusCode::OK, &Retry::of(&taken, bad)))
}

/// Forgets a row; that it came stays among the events.
pub async fn remove(
    path: web::Path<String>,
    store: web::Data<Store>,
) -> Result<HttpResponse, Problem> {
    let id = path.into_inner();
    match store.drop_quarantined(vec![id.clone()]).await? {
        0 => Err(unknown(&id)),
        dropped => Ok(reply::json(StatusCode::OK, &json!({"dropped": dropped}))),
    }
}

fn unknown(id: &str) -> Problem {
    let id = crate::schema::fault::excerpt(id);
    let detail = format!("no row {id:?} is in quarantine; GET /v1/quarantine lists those that are");
    Problem::new(&kind::NOT_FOUND, detail)
}
