//! The thread that runs trainings one after the other, apart from the serving threads: a training takes seconds to minutes.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use super::Jobs;
use super::job::{Asked, Job, Kind};
use super::view::{Made, Product, State};
use crate::clock::Clock;
use crate::control::controller::Trained;
use crate::control::retrain::{self, Opponent, Order, Outcome, RetrainError};
use crate::ingest::Loaded;
use crate::live::LiveModel;
use crate::live::pointer::Wake;
use crate::model::Model;
use crate::priority;
use crate::promotion::gate;
use crate::registry::{Registry, RegistryError};
use crate::store::{Store, StoreError};
use crate::train::{Request, TrainError};
use crate::trainset::labelled::{self, Labelled};
use crate::trainset::table::{self, TableError};
use crate::trainset::training_set::TrainingSet;
use tokio::sync::mpsc::UnboundedSender;

/// The dependencies of the thread.
pub struct Trainer {
    pub registry: Registry,
    /// The live model, whose spec and table are trained on.
    pub live: LiveModel,
    /// The folder that a path in a spec is relative to.
    pub folder: PathBuf,
    pub threads: usize,
    /// Provides the time of ledger lines.
    pub clock: Arc<dyn Clock>,
    /// Wakes the follower, which swaps the live model.
    pub wake: Wake,
    /// Store whose labelled rows are added to the training table.
    pub store: Store,
    /// Reports finished trainings to the retrain controller.
    pub news: UnboundedSender<Trained>,
    /// Options of the gate.
    pub gate: gate::Options,
}

/// Why a job produced no version.
#[derive(Debug, thiserror::Error)]
enum JobError {
    #[error("there is no model yet whose table could be trained on")]
    NoModel,
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Retrain(#[from] RetrainError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    TooMuch(#[from] crate::schema::table::TooMuchTextError),
}

impl Trainer {
    /// Runs jobs until the queue is closed.
    pub(super) fn work(self, jobs: &Jobs) {
        priority::lower(priority::TRAINING);
        while let Some(job) = jobs.take() {
            let Kind::Train(asked) = &job.kind else {
                continue; // work on the store is never queued
            };
            let begun = Instant::now();
            // A panic in one job must not end the thread.
            let done = catch_unwind(AssertUnwindSafe(|| self.carry_out(&job, asked)));
            self.wake.sync_blocking();
            match done {
                Ok(Ok(outcome)) => {
                    finish(&job, &outcome);
                    // The retrain controller may have ended already.
                    let _ = self.news.send(Trained {
                        version: outcome.version,
                        promoted: outcome.verdict.promote,
                        promote: asked.promote,
                        evidence: outcome.evidence,
                    });
                }
                Ok(Err(JobError::Retrain(RetrainError::Train(TrainError::Stopped)))) => {
                    job.end(State::Cancelled, None, None);
                }
                Ok(Err(fault)) => fail(&job, fault.to_string()),
                Err(_) => fail(
                    &job,
                    "the training failed through a defect of this program; the log has the details"
                        .into(),
                ),
            }
            let metrics = jobs.metrics();
            metrics
                .titanic_training_jobs_total
                .of(job.state())
                .increment(1);
            metrics
                .titanic_training_duration_seconds
                .record(begun.elapsed().as_secs_f64());
        }
    }

    fn carry_out(&self, job: &Job, asked: &Asked) -> Result<Outcome, JobError> {
        // A command may have promoted or rolled back a moment ago; the gate compares with that champion.
        self.wake.sync_blocking();
        let live = self.live.snapshot().ok_or(JobError::NoModel)?;
        let champion = live.model.clone();
        let seq = labelled::through(&self.registry, &live.version)?;
        let schema = champion.model.schema();
        let fresh = self
            .store
            .snapshot(|store| Labelled::since(store, schema, seq))?;
        let training_set = TrainingSet::new(self.table(&champion.model)?, fresh)?;
        let Asked {
            learner,
            folds,
            repeats,
            seed,
            limits,
            promote,
            max_bad,
            by,
        } = asked.clone();
        let request = Request {
            learner,
            folds,
            repeats,
            seed,
            threads: self.threads,
            limits,
        };
        let order = Order {
            request,
            promote,
            by,
            gate: self.gate,
            max_bad,
        };
        let opponent = Opponent {
            name: &champion.name,
            model: &champion.model,
        };
        let spec = champion.model.spec();
        Ok(retrain::run(
            &self.registry,
            spec,
            &training_set,
            Some(opponent),
            &order,
            &*self.clock,
            job,
        )?)
    }

    /// The champion's own training table or, if that cannot be read, the table that its spec names.
    fn table(&self, champion: &Model) -> Result<Loaded, TableError> {
        let error = match table::of_model(&self.registry, champion) {
            Ok(loaded) => return Ok(loaded),
            Err(own) => own,
        };
        let Ok(named) = table::of_spec(champion.spec(), &self.folder) else {
            return Err(error);
        };
        tracing::warn!(%error, "training: the champion's training table is missing; the table named by the spec is used");
        Ok(named)
    }
}

fn finish(job: &Job, outcome: &Outcome) {
    let made = Made {
        model: outcome.version.to_string(),
        promoted: outcome.verdict.promote,
        reason: outcome.verdict.reason.clone(),
        gate: outcome.evidence.gate.clone(),
        warnings: outcome.model.card().table_warnings.clone(),
    };
    tracing::info!(
        job = job.id,
        model = made.model,
        promoted = made.promoted,
        reason = made.reason,
        "training: finished"
    );
    job.end(State::Done, Some(Product::Version(made)), None);
}

fn fail(job: &Job, error: String) {
    tracing::error!(job = job.id, error, "training: failed");
    job.end(State::Failed, None, Some(error));
}
