//! `GET /predictions/{id}`.

use actix_web::{HttpRequest, HttpResponse, web};

use super::page;
use crate::registry::Registry;
use crate::serve::events::stored;
use crate::serve::page::prediction;
use crate::serve::predictor::Predictor;
use crate::serve::problem::{Problem, kind};
use crate::serve::route::{Parameter, Route};
use crate::serve::why::{self, WhyError};
use crate::store::Store;

pub static ROUTES: &[Route] = &[page("/predictions/{id}", "The page of a prediction", || {
    web::to(show)
})
.parameters(&[Parameter::path("id", "the prediction's id")])
.problems(&[&kind::NOT_READY, &kind::NOT_FOUND, &kind::NOT_STORED])];

async fn show(
    request: HttpRequest,
    path: web::Path<String>,
    store: web::Data<Store>,
    predictor: web::Data<Predictor>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Problem> {
    let id = path.into_inner();
    stored(&id, &store, &predictor).await?; // waits for the writer, which may have it still
    let look = move || {
        let found = why::prediction(store.file(), &registry, &id)?;
        found.ok_or(WhyError::Unknown(id))
    };
    let found = web::block(look).await.map_err(Problem::internal)??;
    let main = prediction::draw(&found);
    Ok(super::draw(&request, "Prediction", "/predictions", main))
}
