//! Routes of quarantined rows: list, retry and drop.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::guard::Access;
use super::predictor::Predictor;
use super::problem::{Problem, kind};
use super::route::{Parameter, Response, Route, Tag, count, text};
use super::{events, query, reply, views};
use crate::pulls::quarantine::{self, Retry};
use crate::store::Store;
use crate::store::maintenance::Retried;

/// Query parameters of the list.
const PARAMETERS: &[Parameter] = &[
    Parameter::query("after", "the id of the last row one has", text),
    Parameter::query("limit", "maximum number of rows", count),
];

const ID: &[Parameter] = &[Parameter::path("id", "the row's id")];

pub static ROUTES: &[Route] = &[
    Route::get(
        "/v1/quarantine",
        Tag::Store,
        Access::READ,
        "List quarantined rows",
        || web::to(list),
    )
    .parameters(PARAMETERS)
    .responses(&[Response::json::<views::Quarantine>(
        200,
        "Rows, oldest first, and after which id to go on.",
    )])
    .problems(&[&kind::BAD_REQUEST, &kind::NOT_STORED]),
    Route::post(
        "/v1/quarantine/{id}/retry",
        Tag::Store,
        Access::ADMIN,
        "Check a quarantined row again and store it if it is valid now",
        || web::to(retry),
    )
    .parameters(ID)
    .responses(&[Response::json::<Retry>(
        200,
        "Whether it is stored, or what is still wrong.",
    )])
    .problems(&[&kind::NOT_FOUND, &kind::NOT_STORED, &kind::NOT_READY]),
    Route::delete(
        "/v1/quarantine/{id}",
        Tag::Store,
        Access::ADMIN,
        "Drop a quarantined row",
        || web::to(remove),
    )
    .parameters(ID)
    .responses(&[Response::json::<views::Dropped>(200, "It is dropped.")])
    .problems(&[&kind::NOT_FOUND, &kind::NOT_STORED]),
];

const USUAL: usize = 100;

/// Maximum of `limit`; a larger value is lowered to this one.
const MOST: usize = 10_000;

/// Handles `GET /v1/quarantine`: a page of rows after an id, oldest first.
pub async fn list(request: HttpRequest, store: web::Data<Store>) -> Result<HttpResponse, Problem> {
    let (mut after, mut limit) = (String::new(), USUAL);
    for (name, value) in query::parameters(request.query_string(), PARAMETERS)? {
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
    let document = views::Quarantine {
        quarantine: rows,
        next,
    };
    Ok(reply::json(StatusCode::OK, &document))
}

/// Checks a quarantined row again by the live model's spec, and stores it if it is valid now.
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

/// Drops a quarantined row. The event that records its arrival stays in the store.
pub async fn remove(
    path: web::Path<String>,
    store: web::Data<Store>,
) -> Result<HttpResponse, Problem> {
    let id = path.into_inner();
    match store.drop_quarantined(vec![id.clone()]).await? {
        0 => Err(unknown(&id)),
        dropped => Ok(reply::json(StatusCode::OK, &views::Dropped { dropped })),
    }
}

fn unknown(id: &str) -> Problem {
    let id = crate::schema::fault::excerpt(id);
    let detail = format!("no row {id:?} is in quarantine; GET /v1/quarantine lists those that are");
    Problem::new(&kind::NOT_FOUND, detail)
}
