//! The sources that the server pulls, with what came of the last pull of each.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde_json::json;

use super::problem::Problem;
use super::reply;
use crate::pulls::view::{SourceView, Sources};
use crate::store::{Store, StoreError};

/// Every source, by name.
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
    let list = list.await.map_err(Problem::internal)??;
    Ok(reply::json(StatusCode::OK, &json!({"sources": list})))
}
