//! Routes of model versions: list, card, promotion and rollback.

use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};

use super::body::Intake;
use super::cards::Cards;
use super::cloud;
use super::guard::{Access, Caller};
use super::problem::{Problem, kind};
use super::route::{Parameter, Response, Route, Tag};
use super::{reply, views};
use crate::live::promoter::Promoter;
use crate::registry::{Listed, Registry, Standing, VersionRef};

/// Access required to read versions, by REST or as a topic of the live feed.
pub const ACCESS: Access = Access::PREDICT;

const VERSION: &[Parameter] = &[Parameter::path("version", "`7` or `titanic@7`").example("1")];

pub static ROUTES: &[Route] = &[
    Route::get(
        "/v1/models",
        Tag::Models,
        ACCESS,
        "List the model versions",
        || web::to(list),
    )
    .responses(&[Response::json::<views::Models>(
        200,
        "Every version, with its role and metrics.",
    )])
    .stateless(),
    // This route must precede `/v1/models/{version}`, whose pattern matches its path as well.
    Route::post(
        "/v1/models/rollback",
        Tag::Models,
        Access::ADMIN,
        "Roll back to the previous champion",
        || web::to(rollback),
    )
    .responses(&[Response::json::<views::Promotion>(200, "It is live.")])
    .problems(&[&kind::CONFLICT]),
    Route::get(
        "/v1/models/{version}",
        Tag::Models,
        ACCESS,
        "Show a model version",
        || web::to(show),
    )
    .parameters(VERSION)
    .responses(&[Response::json::<views::Card>(
        200,
        "Its card: metrics, features, columns, spec.",
    )])
    .problems(&[&kind::NOT_FOUND, &kind::CONFLICT])
    .stateless()
    .direct(), // KServe asks for the readiness of a model here
    Route::post(
        "/v1/models/{version}/promote",
        Tag::Models,
        Access::ADMIN,
        "Promote a model version to champion",
        || web::to(promote),
    )
    .parameters(VERSION)
    .responses(&[Response::json::<views::Promotion>(200, "It is live.")])
    .problems(&[&kind::NOT_FOUND, &kind::CONFLICT]),
];

/// Name of the client for the ledger: that of its token, or `rest` without tokens.
pub fn by(request: &HttpRequest) -> String {
    request
        .extensions()
        .get::<Caller>()
        .map_or_else(|| "rest".to_owned(), |caller| caller.name.to_string())
}

pub async fn list(
    registry: web::Data<Registry>,
    cards: web::Data<Cards>,
) -> Result<HttpResponse, Problem> {
    let document = web::block(move || documents(&registry, &cards));
    Ok(reply::json(
        StatusCode::OK,
        &document.await.map_err(Problem::internal)??,
    ))
}

/// The list of all versions. Blocks on the disk.
pub fn documents(registry: &Registry, cards: &Cards) -> Result<views::Models, Problem> {
    let champion = registry.champion()?.map(|version| version.to_string());
    let versions = registry.versions()?;
    cards.forget_all_but(&versions);
    let line = |listed: &Listed| {
        // A version with a damaged file is listed without the facts of the file.
        let facts = cards.of(registry, &listed.version).ok();
        views::Line::of(listed, facts.as_deref())
    };
    let models = versions.iter().map(line).collect();
    let Standing { seq, epoch } = registry.standing()?;
    Ok(views::Models {
        champion,
        seq,
        epoch,
        models,
    })
}

pub async fn show(
    request: HttpRequest,
    path: web::Path<String>,
    registry: web::Data<Registry>,
    cards: web::Data<Cards>,
) -> Result<HttpResponse, Problem> {
    // A path equal to the name of the live model is KServe's, which asks whether the model is ready.
    if let Some(ready) = cloud::ready(&request, &path).await {
        return ready;
    }
    let wanted = version(&path)?;
    let document = web::block(move || card(&registry, &cards, &wanted));
    Ok(reply::json(
        StatusCode::OK,
        &document.await.map_err(Problem::internal)??,
    ))
}

/// The card of a version. Blocks on the disk.
pub fn card(
    registry: &Registry,
    cards: &Cards,
    wanted: &VersionRef,
) -> Result<views::Card, Problem> {
    let version = registry.find(wanted)?;
    let versions = registry.versions()?;
    let listed = versions.iter().find(|listed| listed.version == version);
    let facts = cards.of(registry, &version)?;
    Ok(views::Card {
        model: version.to_string(),
        trained: listed.and_then(Listed::trained_text),
        role: listed.map(|listed| listed.role),
        sha256: listed.and_then(|listed| listed.sha256.clone()),
        facts: (*facts).clone(),
    })
}

/// Promotes a version to champion. The response is sent once the version is the live model.
pub async fn promote(
    request: HttpRequest,
    mut payload: web::Payload,
    path: web::Path<String>,
    promoter: web::Data<Promoter>,
    intake: web::Data<Intake>,
) -> Result<HttpResponse, Problem> {
    no_body(&request, &mut payload, &intake).await?;
    let promotion = promoter.promote(version(&path)?, by(&request)).await?;
    Ok(reply::json(
        StatusCode::OK,
        &views::Promotion::from(promotion),
    ))
}

/// Rolls back to the previous champion. The response is sent once that version is the live model.
pub async fn rollback(
    request: HttpRequest,
    mut payload: web::Payload,
    promoter: web::Data<Promoter>,
    intake: web::Data<Intake>,
) -> Result<HttpResponse, Problem> {
    no_body(&request, &mut payload, &intake).await?;
    let promotion = promoter.rollback(by(&request)).await?;
    Ok(reply::json(
        StatusCode::OK,
        &views::Promotion::from(promotion),
    ))
}

/// Parses the version in a path.
///
/// # Errors
/// 404 if the text is no version name.
pub fn version(text: &str) -> Result<VersionRef, Problem> {
    // A text that is no valid version name is treated as a version that does not exist.
    text.parse()
        .map_err(|fault: crate::registry::VersionError| {
            Problem::new(&kind::NOT_FOUND, fault.to_string())
        })
}

/// Checks the body of a route that needs none. A body that is sent nevertheless has to be JSON, because a form on a foreign
/// page cannot send JSON (protection against cross-site requests).
async fn no_body(
    request: &HttpRequest,
    payload: &mut web::Payload,
    intake: &Intake,
) -> Result<(), Problem> {
    let body = intake.read_document(request, payload).await?;
    if body.is_empty() {
        return Ok(());
    }
    let read = serde_json::from_slice(&body).map(|_: serde::de::IgnoredAny| ());
    read.map_err(|fault| Problem::new(&kind::UNREADABLE, format!("not readable as JSON: {fault}")))
}
