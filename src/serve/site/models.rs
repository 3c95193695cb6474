//! `GET /models`, `GET /models/{v}`, and the decisions of a version at a threshold.

use actix_web::{HttpRequest, HttpResponse, web};

use super::page;
use crate::control::jobs::Jobs;
use crate::registry::{Registry, VersionRef};
use crate::serve::cards::Cards;
use crate::serve::guard::Access;
use crate::serve::models::{card, documents, version};
use crate::serve::page::{CSP, models as drawing, replay};
use crate::serve::problem::{Problem, kind};
use crate::serve::route::{HTML, Parameter, Response, Route, Tag, text};
use crate::serve::why::history;
use crate::serve::{jobs, query, reply, views};

const VERSION: &[Parameter] = &[Parameter::path("v", "the version")];
const DECISIONS: &[Parameter] = &[
    Parameter::path("v", "the version"),
    Parameter::query(
        "threshold",
        "the lowest probability that is decided positive",
        text,
    ),
    Parameter::query("fp", "cost of a false positive", text),
    Parameter::query("fn", "cost of a false negative", text),
];

pub static ROUTES: &[Route] = &[
    page("/models", "The page of the model versions", || {
        web::to(list)
    })
    .stateless(),
    page("/models/{v}", "The page of a model version", || {
        web::to(show)
    })
    .parameters(VERSION)
    .stateless(),
    Route::get(
        "/fragments/replays",
        Tag::Models,
        jobs::ACCESS,
        "Fragment of the page: the latest replays",
        || web::to(replays),
    )
    .responses(&[Response::text(200, "A part of a page.", HTML)]),
    Route::get(
        "/fragments/models/{v}/decisions",
        Tag::Server,
        Access::READ,
        "Fragment of the page: the decisions of a version at a threshold",
        || web::to(decisions),
    )
    .parameters(DECISIONS)
    .responses(&[Response::text(200, "A part of a page.", HTML)])
    .problems(&[&kind::NOT_FOUND, &kind::BAD_REQUEST])
    .stateless(),
];

async fn list(
    request: HttpRequest,
    registry: web::Data<Registry>,
    cards: web::Data<Cards>,
    jobs: web::Data<Jobs>,
) -> Result<HttpResponse, Problem> {
    let (registry, cards) = (registry.get_ref().clone(), cards.get_ref().clone());
    let documents = web::block(move || documents(&registry, &cards));
    let models = documents.await.map_err(Problem::internal)??;
    let may = super::reader(&request).may_administer;
    let replays = may.then(|| replay::draw(&jobs.list()));
    let main = drawing::list(&models, replays.as_ref());
    Ok(super::draw(&request, "Models", "/models", main))
}

async fn replays(jobs: web::Data<Jobs>) -> HttpResponse {
    reply::page(CSP, replay::draw(&jobs.list()).into_string())
}

async fn show(
    request: HttpRequest,
    path: web::Path<String>,
    registry: web::Data<Registry>,
    cards: web::Data<Cards>,
) -> Result<HttpResponse, Problem> {
    let wanted = version(&path)?;
    let (registry, cards) = (registry.get_ref().clone(), cards.get_ref().clone());
    let gather = move || -> Result<_, Problem> {
        let found = card(&registry, &cards, &wanted)?;
        let before = previous(&registry, &cards, &wanted);
        let lines = history(&registry, &registry.find(&wanted)?)?;
        Ok((found, before, lines))
    };
    let (found, before, lines) = web::block(gather).await.map_err(Problem::internal)??;
    let main = drawing::one(&found, before.as_ref(), &lines);
    Ok(super::draw(&request, &found.model, "/models", main))
}

/// The newest earlier version whose file can be read.
fn previous(registry: &Registry, cards: &Cards, wanted: &VersionRef) -> Option<views::Card> {
    let version = registry.find(wanted).ok()?;
    let versions = registry.versions().ok()?;
    let earlier = versions.iter().rev().map(|listed| &listed.version);
    let mut earlier = earlier.filter(|other| other.number() < version.number());
    earlier.find_map(|other| card(registry, cards, &other.to_string().parse().ok()?).ok())
}

async fn decisions(
    request: HttpRequest,
    path: web::Path<String>,
    registry: web::Data<Registry>,
    cards: web::Data<Cards>,
) -> Result<HttpResponse, Problem> {
    let wanted = version(&path)?;
    let (mut threshold, mut fp, mut fn_) = (0.5, 1.0, 1.0);
    for (name, value) in query::parameters(request.query_string(), DECISIONS)? {
        let number: Option<f64> = value
            .parse()
            .ok()
            .filter(|v: &f64| v.is_finite() && *v >= 0.0);
        let number = number.ok_or_else(|| {
            let detail = format!("{name} takes a number from 0, such as 0.5");
            Problem::new(&kind::BAD_REQUEST, detail)
        })?;
        match &*name {
            "threshold" => threshold = number,
            "fp" => fp = number,
            _ => fn_ = number,
        }
    }
    let (registry, cards) = (registry.get_ref().clone(), cards.get_ref().clone());
    let found = web::block(move || card(&registry, &cards, &wanted));
    let found = found.await.map_err(Problem::internal)??;
    let evaluation = found.facts.evaluation.as_deref().ok_or_else(|| {
        Problem::new(
            &kind::NOT_FOUND,
            "the file of this version holds no evaluation",
        )
    })?;
    let drawn = drawing::decisions(&found, evaluation, threshold, (fp, fn_));
    Ok(reply::page(CSP, drawn.into_string()))
}
