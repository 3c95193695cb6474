//! The loop as the page shows it: what the ledger, the jobs, the steward's memory and the store say of it.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

use super::page::CSP;
use super::page::aside;
use super::page::cycle::{self, Cycle, Training};
use super::page::trouble::Trouble;
use super::problem::Problem;
use super::reply;
use crate::control::controller::{MEMORY, Memory, Triggers};
use crate::control::jobs::{Jobs, State};
use crate::registry::{Listed, Registry, Role};
use crate::store::kind as kinds;
use crate::store::{Health, Store};

/// Trainings that are shown.
const SHOWN: usize = 4;

/// The section alone, for a page that is open.
pub async fn fragment(desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let cycle = desk.look().await?;
    Ok(reply::page(CSP, cycle::draw(&cycle).into_string()))
}

/// The loop as a document.
pub async fn document(desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let desk = desk.get_ref().clone();
    let told = web::block(move || desk.told())
        .await
        .map_err(Problem::internal)??;
    Ok(reply::json(StatusCode::OK, &told))
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
    pub async fn look(&self) -> Result<Cycle, Problem> {
        let desk = self.clone();
        let look = move || {
            let trouble = desk.trouble();
            match desk.read() {
                Err(_) if trouble.failing.is_some() => desk.without_store(trouble),
                read => read.map(|cycle| Cycle { trouble, ..cycle }),
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

    fn without_store(&self, trouble: Trouble) -> Result<Cycle, Problem> {
        let versions = self.registry.versions()?;
        Ok(Cycle {
            jobs: self.unfinished(),
            trainings: versions.iter().rev().take(SHOWN).map(training).collect(),
            trouble,
            ..Cycle::default()
        })
    }

    fn memory(&self) -> Result<Memory, Problem> {
        Ok(match self.store.remembered(MEMORY)? {
            Some(text) => serde_json::from_str(&text).unwrap_or_default(),
            None => Memory::default(),
        })
    }

    fn told(&self) -> Result<Value, Problem> {
        let memory = self.memory()?;
        let verdict = memory.verdict().cloned();
        let Memory {
            champion,
            fresh,
            shadow,
            watch,
            ..
        } = memory;
        let shadow = shadow.map(|shadowed| {
            json!({
                "model": shadowed.model,
                "champion": shadowed.champion,
                "comparison": shadowed.state.figures(),
                "live": shadowed.live.figures(),
            })
        });
        let watch = watch.map(|watched| {
            json!({
                "model": watched.model,
                "previous": watched.previous,
                "figures": watched.state.figures(),
            })
        });
        Ok(json!({
            "champion": Some(champion).filter(|name| !name.is_empty()),
            "fresh": fresh,
            "labels": self.trigger(),
            "verdict": verdict,
            "shadow": shadow,
            "watch": watch,
        }))
    }

    /// After so many new truths the server retrains.
    fn trigger(&self) -> Option<u64> {
        self.triggers.labels.filter(|_| self.triggers.enabled)
    }

    fn read(&self) -> Result<Cycle, Problem> {
        let memory = self.memory()?;
        let stats = self.store.stats()?;
        let kinds = stats.kinds.iter().filter(|(_, count)| **count > 0);
        let kinds =
            kinds.filter_map(|(kind, count)| Some((kinds::name(kinds::named(kind)?), *count)));
        let counts = kinds.filter(|(kind, _)| *kind != "quarantine");
        let kept = [
            ("truths known", stats.labels),
            ("truths waiting", stats.waiting),
            ("rows in quarantine", stats.quarantine),
        ];
        let versions = self.registry.versions()?;
        Ok(Cycle {
            jobs: self.unfinished(),
            trainings: versions.iter().rev().take(SHOWN).map(training).collect(),
            shadow: memory
                .shadow
                .map(|s| (s.model, s.state.figures(), s.live.figures())),
            watch: memory.watch.map(|w| (w.model, w.state.figures())),
            fresh: memory.fresh,
            trigger: self.trigger(),
            aside: self.store.newest_aside(aside::SHOWN)?,
            counts: counts.chain(kept).collect(),
            ..Cycle::default()
        })
    }

    /// Jobs that made no version, or not yet.
    fn unfinished(&self) -> Vec<String> {
        let jobs = self.jobs.list().into_iter();
        let words = jobs.filter_map(|job| match (job.state, job.error) {
            (State::Queued, _) => Some("A training waits.".to_owned()),
            (State::Running, _) => {
                let percent = (100.0 * job.progress).round();
                Some(format!("A training is under way: {percent} %."))
            }
            (State::Failed, Some(error)) => Some(format!("A training failed: {error}")),
            _ => None,
        });
        words.take(SHOWN).collect()
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
