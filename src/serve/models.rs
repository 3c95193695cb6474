//! The versions: list, card, promotion, rollback.

use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};

use super::body::Intake;
use super::cards::Cards;
use super::guard::{Access, Caller};
use super::problem::{Problem, kind};
use super::route::{Parameter, Response, Route, Tag};
use super::{reply, views};
use crate::live::promoter::Promoter;
use crate::registry::{Listed, Registry, Standing, VersionRef};

/// Who may read versions, here or as a live topic.
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
    )]),
    // Before the pattern that its path fits as well.
    Route::post(
        "/v1/models/rollback",
        Tag::Models,
        Access::ADMIN,
        "Roll back to the previous champion",
        || web::to(rollback),
    )
    .responses(&[Response::json::<views::Promotion>(200, "It answers.")])
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
    .problems(&[&kind::NOT_FOUND, &kind::CONFLICT]),
    Route::post(
        "/v1/models/{version}/promote",
        Tag::Models,
        Access::ADMIN,
        "Promote a model version to champion",
        || web::to(promote),
    )
    .parameters(VERSION)
    .responses(&[Response::json::<views::Promotion>(200, "It answers.")])
    .problems(&[&kind::NOT_FOUND, &kind::CONFLICT]),
];

/// Who asks, as the ledger names it.
pub fn by(request: &HttpRequest) -> String {
    request
        .extensions()
        .get::<Caller>()
        .map_or_else(|| "rest".to_owned(), |caller| caller.name.to_string())
}

/// Every version.
pub async fn list(
    registry: web::Data<Registry>,
    cards: web::Data<Cards>,
) -> Result<HttpResponse, Problem> {
    let document = web::block(move || -> Result<views::Models, Problem> {
        let champion = registry.champion()?.map(|version| version.to_string());
        let versions = registry.versions()?;
        cards.forget_all_but(&versions);
        let line = |listed: &Listed| {
            // A damaged version is listed, without what its file would tell.
            let facts = cards.of(&registry, &listed.version).ok();
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
    });
    Ok(reply::json(
        StatusCode::OK,
        &document.await.map_err(Problem::internal)??,
    ))
}

/// All that is known of one version.
pub async fn show(
    path: web::Path<String>,
    registry: web::Data<Registry>,
    cards: web::Data<Cards>,
) -> Result<HttpResponse, Problem> {
    let wanted = version(&path)?;
    let document = web::block(move || -> Result<views::Card, Problem> {
        let version = registry.find(&wanted)?;
        let versions = registry.versions()?;
        let listed = versions.iter().find(|listed| listed.version == version);
        let facts = cards.of(&registry, &version)?;
        Ok(views::Card {
            model: version.to_string(),
            trained: listed.and_then(Listed::trained_text),
            role: listed.map(|listed| listed.role),
            sha256: listed.and_then(|listed| listed.sha256.clone()),
            facts: (*facts).clone(),
        })
    });
    Ok(reply::json(
        StatusCode::OK,
        &document.await.map_err(Problem::internal)??,
    ))
}

/// Makes a version champion; answered once it answers.
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

/// Makes the champion before this one champion again; answered once it answers.
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

fn version(text: &str) -> Result<VersionRef, Problem> {
    // A name that can name no version names none that is there.
    text.parse()
        .map_err(|fault: crate::registry::VersionError| {
            Problem::new(&kind::NOT_FOUND, fault.to_string())
        })
}

/// Nothing is needed in the body; what is sent all the same has to be JSON, which no foreign page's form can send.
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
