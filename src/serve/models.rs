//! The versions: list, card, promotion, rollback.

use actix_web::http::StatusCode;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::body::Intake;
use super::cards::{Cards, Facts};
use super::guard::Caller;
use super::problem::{Problem, kind};
use super::reply;
use crate::live::promoter::Promoter;
use crate::registry::{Listed, Promotion, Registry, Standing, VersionRef};

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
    let document = web::block(move || -> Result<Value, Problem> {
        let champion = registry.champion()?.map(|version| version.to_string());
        let versions = registry.versions()?;
        cards.forget_all_but(&versions);
        let models: Vec<Value> = versions
            .iter()
            .map(|listed| line(&registry, &cards, listed))
            .collect();
        let Standing { seq, epoch } = registry.standing()?;
        Ok(json!({"champion": champion, "seq": seq, "epoch": epoch, "models": models}))
    });
    Ok(reply::json(
        StatusCode::OK,
        &document.await.map_err(Problem::internal)??,
    ))
}

/// A damaged version is listed, without what its file would tell.
fn line(registry: &Registry, cards: &Cards, listed: &Listed) -> Value {
    let facts = cards.of(registry, &listed.version).ok();
    let fact = |name: &str| facts.as_ref().map(|facts| facts.0[name].clone());
    json!({
        "model": listed.version.to_string(),
        "trained": listed.trained_text(),
        "learner": fact("learner"),
        "role": listed.role,
        "cv": fact("cv"),
        "sha256": listed.sha256,
        "bytes": listed.bytes,
    })
}

/// All that is known of one version.
pub async fn show(
    path: web::Path<String>,
    registry: web::Data<Registry>,
    cards: web::Data<Cards>,
) -> Result<HttpResponse, Problem> {
    let wanted = version(&path)?;
    let document = web::block(move || -> Result<Value, Problem> {
        let version = registry.find(&wanted)?;
        let versions = registry.versions()?;
        let listed = versions.iter().find(|listed| listed.version == version);
        let Facts(mut document) = (*cards.of(&registry, &version)?).clone();
        if let Some(listed) = listed {
            document["trained"] = listed.trained_text().into();
            document["role"] = json!(listed.role);
            document["sha256"] = listed.sha256.clone().into();
        }
        Ok(document)
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
    Ok(reply::json(StatusCode::OK, &told(&promotion)))
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
    Ok(reply::json(StatusCode::OK, &told(&promotion)))
}

fn told(promotion: &Promotion) -> Value {
    let Promotion {
        version,
        previous,
        seq,
        ..
    } = promotion;
    json!({"model": version.to_string(), "previous": previous.as_ref().map(ToString::to_string), "seq": seq})
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
