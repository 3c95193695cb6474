//! The scheduled sources, with the outcome of the last pull of each.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::guard::Access;
use super::problem::{Problem, kind};
use super::route::{Response, Route, Tag};
use super::{reply, views};
use crate::pulls::view::{SourceView, Sources};
use crate::store::{Store, StoreError};

pub static ROUTES: &[Route] = &[Route::get(
    "/v1/sources",
    Tag::Store,
    Access::READ,
    "List the scheduled sources",
    || web::to(list),
)
.responses(&[Response::json::<views::Sources>(
    200,
    "Every source, with its last pull.",
)])
.problems(&[&kind::NOT_STORED])];

/// Lists all sources, sorted by name.
pub async fn list(
    sources: web::Data<Sources>,
    store: web::Data<Store>,
) -> Result<HttpResponse, Problem> {
    let mut list = sources.list();
    let list = web::block(move || -> Result<Vec<SourceView>, StoreError> {
        for source in &mut list {
            source.cursor = store.cursor(&source.name)?;
        }
        Ok(list)
    });
    let sources = list.await.map_err(Problem::internal)??;
    Ok(reply::json(StatusCode::OK, &views::Sources { sources }))
}
