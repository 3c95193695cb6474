//! The state of the retraining loop for the page and the API, gathered from the ledger, the jobs, the retrain controller's
//! stored state and the store.

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

/// Maximum number of trainings shown.
const SHOWN: usize = 4;

/// The loop's section alone, for a page that is already open.
pub async fn fragment(reader: web::Data<LoopReader>) -> Result<HttpResponse, Problem> {
    let shown = reader.look().await?;
    Ok(reply::page(CSP, cycle::draw(&shown).into_string()))
}

/// The state of the loop as JSON.
pub async fn document(reader: web::Data<LoopReader>) -> Result<HttpResponse, Problem> {
    let reader = reader.get_ref().clone();
    let document = web::block(move || reader.document());
    let document = document.await.map_err(Problem::internal)??;
    Ok(reply::json(StatusCode::OK, &document))
}

/// Sources of the loop's state.
#[derive(Clone)]
pub struct LoopReader {
    /// Running and recent trainings.
    pub jobs: Jobs,
    /// Trained versions with their evidence.
    pub registry: Registry,
    /// The event store, which also holds the retrain controller's state.
    pub store: Store,
    /// Conditions under which the server retrains.
    pub triggers: Triggers,
}

impl LoopReader {
    /// The current state of the loop. If the store fails, the state without the parts that come from it.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub async fn look(&self) -> Result<Section, Problem> {
        let reader = self.clone();
        let look = move || {
            let trouble = reader.trouble();
            match reader.read() {
                Err(_) if trouble.failing.is_some() => reader.without_store(trouble),
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

    /// Number of new labels that starts a training; none if retraining is disabled.
    fn trigger(&self) -> Option<u64> {
        self.triggers.labels.filter(|_| self.triggers.enabled)
    }

    fn read(&self) -> Result<Section, Problem> {
        let aside = self.store.newest_aside(aside::SHOWN)?;
        Ok(Section {
            jobs: self.jobs.list(),
            trainings: self.trainings()?,
            cycle: self.document()?,
            aside,
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
    let gate = listed.training.as_ref();
    let gate = gate.and_then(|training| training.gate.clone());
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
