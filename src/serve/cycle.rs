//! The loop as the page shows it: what the ledger, the jobs, the steward's memory and the store say of it.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use super::guard::Access;
use super::page::CSP;
use super::page::aside;
use super::page::cycle::{self, Section, Training};
use super::page::trouble::Trouble;
use super::problem::{Problem, kind};
use super::route::{HTML, Response, Route, Tag};
use super::{reply, views};
use crate::control::controller::{MEMORY, Memory, Triggers};
use crate::control::jobs::Jobs;
use crate::registry::{Listed, Registry, Role};
use crate::store::{Health, Store};

pub static ROUTES: &[Route] = &[
    Route::get(
        "/v1/loop",
        Tag::Training,
        Access::READ,
        "Show the state of the loop: new labels, shadow model, probation",
        || web::to(document),
    )
    .responses(&[Response::json::<views::Loop>(
        200,
        "The shadow model and the champion on probation, with their metrics.",
    )])
    .problems(&[&kind::NOT_STORED]),
    Route::get(
        "/fragments/loop",
        Tag::Server,
        Access::READ,
        "Fragment of the page: the loop",
        || web::to(fragment),
    )
    .responses(&[Response::text(200, "A part of a page.", HTML)])
    .problems(&[&kind::NOT_STORED]),
];

/// Trainings that are shown.
const SHOWN: usize = 4;

/// The section alone, for a page that is open.
pub async fn fragment(desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let shown = desk.look().await?;
    Ok(reply::page(CSP, cycle::draw(&shown).into_string()))
}

/// The loop as a document.
pub async fn document(desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let desk = desk.get_ref().clone();
    let document = web::block(move || desk.document());
    let document = document.await.map_err(Problem::internal)??;
    Ok(reply::json(StatusCode::OK, &document))
}

/// Those who know of the loop.
#[derive(Clone)]
pub struct Desk {
    /// What is trained now.
    pub jobs: Jobs,
    /// What was trained, on which evidence.
    pub registry: Registry,
    /// What is kept, the steward's memory among it.
    pub store: Store,
    /// When the server retrains.
    pub triggers: Triggers,
}

impl Desk {
    /// The loop as it stands; while the store fails, what is known without it.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub async fn look(&self) -> Result<Section, Problem> {
        let desk = self.clone();
        let look = move || {
            let trouble = desk.trouble();
            match desk.read() {
                Err(_) if trouble.failing.is_some() => desk.without_store(trouble),
                read => read.map(|shown| Section { trouble, ..shown }),
            }
        };
        web::block(look).await.map_err(Problem::internal)?
    }

    fn trouble(&self) -> Trouble {
        let failing = match &*self.store.health().borrow() {
            Health::Failing(why) | Health::Damaged(why) => Some(why.clone()),
            Health::Writing => None,
        };
        let lost = self.store.lost();
        Trouble { failing, lost }
    }

    fn without_store(&self, trouble: Trouble) -> Result<Section, Problem> {
        Ok(Section {
            jobs: self.jobs.list(),
            trainings: self.trainings()?,
            trouble,
            ..Section::default()
        })
    }

    fn memory(&self) -> Result<Memory, Problem> {
        Ok(match self.store.remembered(MEMORY)? {
            Some(text) => serde_json::from_str(&text).unwrap_or_default(),
            None => Memory::default(),
        })
    }

    fn document(&self) -> Result<views::Loop, Problem> {
        Ok(views::Loop::of(self.memory()?, self.trigger()))
    }

    /// After so many new truths the server retrains.
    fn trigger(&self) -> Option<u64> {
        self.triggers.labels.filter(|_| self.triggers.enabled)
    }

    fn read(&self) -> Result<Section, Problem> {
        let aside = self.store.newest_aside(aside::SHOWN)?;
        Ok(Section {
            jobs: self.jobs.list(),
            trainings: self.trainings()?,
            cycle: self.document()?,
            aside: aside.into_iter().map(Into::into).collect(),
            store: Some(self.store.stats()?),
            ..Section::default()
        })
    }

    fn trainings(&self) -> Result<Vec<Training>, Problem> {
        let versions = self.registry.versions()?;
        Ok(versions.iter().rev().take(SHOWN).map(training).collect())
    }
}

fn training(listed: &Listed) -> Training {
    let evidence = listed.evidence.as_ref();
    let gate = evidence.and_then(|evidence| serde_json::from_value(evidence["gate"].clone()).ok());
    Training {
        model: listed.version.to_string(),
        role: word(listed.role),
        trained: listed.trained_text().unwrap_or_default(),
        gate,
    }
}

fn word(role: Role) -> &'static str {
    match role {
        Role::Champion => "live",
        Role::Previous => "live before",
        Role::Retired => "retired",
        Role::Candidate => "candidate",
    }
}
