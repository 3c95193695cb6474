//! The jobs of a server: trainings, which a thread named `trainer` runs one after the other, and maintenance of the store.

mod job;
mod teller;
mod trainer;
mod view;

use std::collections::VecDeque;
use std::fmt::Display;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

pub use job::{Asked, Running, Upkeep};
pub use trainer::Trainer;
pub use view::{JobView, Made, Product, State};

pub use crate::ingest::MAX_BAD;
pub use crate::train::work::Limits;

use crate::clock::Clock;
use crate::store::feed::Feed;
use crate::telemetry::metrics::Metrics;
use job::{Job, Kind};

/// Maximum queued jobs; a client that submits more is ignoring the responses.
pub const MOST_QUEUED: usize = 16;

/// Maximum concurrent jobs on the store: each has a thread and reads the whole file.
const MOST_STORE_JOBS: usize = 4;

/// Maximum finished jobs that are still listed.
const MOST_KEPT: usize = 100;

/// Names of the learners that a training may request, besides `auto`.
pub fn learners() -> impl Iterator<Item = &'static str> {
    crate::train::LEARNERS.iter().map(|learner| learner.name())
}

/// Why a training was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    #[error("{MOST_QUEUED} jobs wait already; send it again when one is done, or cancel one")]
    Waiting,
    #[error("{STOPPING}")]
    Stopping,
}

/// Message for requests that arrive while the server stops.
const STOPPING: &str =
    "the server is stopping and begins no more work; send the request again when it is back";

/// Why a job on the store was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BusyError {
    /// The maximum number of store jobs is running.
    #[error(
        "{MOST_STORE_JOBS} jobs work on the store already; send the request again when one is done"
    )]
    Working,
    #[error("{STOPPING}")]
    Stopping,
    /// The system cannot start another thread.
    #[error("the system has no thread left for the work; send the request again later")]
    NoThread,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CancelError {
    #[error("there is no job {0:?}; finished ones are forgotten after {MOST_KEPT} others")]
    Unknown(String),
    /// The job must not stop halfway, because it would leave incomplete results behind.
    #[error("the job {id} cannot be cancelled: {reason}")]
    Whole { id: String, reason: &'static str },
    #[error("the job {id} is {state:?} already; nothing is left to cancel")]
    Over { id: String, state: State },
}

/// The job queue. Clones share it.
#[derive(Clone)]
pub struct Jobs(Arc<Shared>);

struct Shared {
    state: Mutex<Queue>,
    bell: Condvar,
    feed: Feed,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Arc<Job>>,
    /// All known jobs, oldest first.
    known: VecDeque<Arc<Job>>,
    closed: bool,
}

impl Jobs {
    /// An empty queue without a worker; job states are published on `feed`.
    pub fn new(feed: Feed, clock: Arc<dyn Clock>, metrics: Arc<Metrics>) -> Jobs {
        Jobs(Arc::new(Shared {
            state: Mutex::default(),
            bell: Condvar::new(),
            feed,
            clock,
            metrics,
        }))
    }

    /// Starts the thread that runs the queued trainings; it ends after [`Jobs::close`].
    ///
    /// # Errors
    /// If the system cannot start another thread.
    pub fn start(&self, trainer: Trainer) -> std::io::Result<JoinHandle<()>> {
        let jobs = self.clone();
        std::thread::Builder::new()
            .name("trainer".into())
            .spawn(move || trainer.work(&jobs))
    }

    /// # Errors
    /// If too many trainings are queued, or the server is stopping.
    pub fn submit(&self, asked: Asked) -> Result<JobView, QueueError> {
        let mut queue = self.lock();
        if queue.closed {
            return Err(QueueError::Stopping);
        }
        if queue.waiting.len() >= MOST_QUEUED {
            return Err(QueueError::Waiting);
        }
        let job = self.job(Kind::Train(asked));
        job.tell(); // before anybody can begin it
        queue.waiting.push_back(job.clone());
        queue.known.push_back(job.clone());
        queue.forget();
        self.count(&queue, State::Queued);
        self.0.bell.notify_one();
        Ok(job.view())
    }

    /// Starts a job on the store in its own thread, so it does not wait for trainings. `work` reports its progress to the
    /// running job, and returns `None` if it ended because that was cancelled.
    ///
    /// # Errors
    /// When too much of it is under way already, or the server stops.
    pub fn work<E: Display>(
        &self,
        upkeep: Upkeep,
        work: impl FnOnce(&Running<'_>) -> Result<Option<Product>, E> + Send + 'static,
    ) -> Result<JobView, BusyError> {
        let name = upkeep.name;
        let mut queue = self.lock();
        let is_store = |job: &&Arc<Job>| matches!(job.kind, Kind::Store(_));
        let open = queue.known.iter().filter(is_store);
        let open = open.filter(|job| !job.state().is_final()).count();
        if queue.closed {
            return Err(BusyError::Stopping);
        }
        if open >= MOST_STORE_JOBS {
            return Err(BusyError::Working);
        }
        let job = self.job(Kind::Store(upkeep));
        let queued = job.view();
        let done = job.clone();
        let spawned = std::thread::Builder::new()
            .name(format!("store {name}"))
            .spawn(move || {
                done.begin_running();
                let failed = "it failed through a defect of this program; the log has the details";
                let work = std::panic::AssertUnwindSafe(|| work(&Running(&done)));
                let outcome = std::panic::catch_unwind(work).map_or_else(
                    |_| Err(failed.to_owned()),
                    |outcome| outcome.map_err(|error| error.to_string()),
                );
                match outcome {
                    Ok(Some(product)) => done.end(State::Done, Some(product), None),
                    Ok(None) => done.end(State::Cancelled, None, None),
                    Err(error) => {
                        tracing::error!(job = done.id, kind = name, error, "store: job failed");
                        done.end(State::Failed, None, Some(error));
                    }
                }
            });
        if spawned.is_err() {
            return Err(BusyError::NoThread);
        }
        queue.known.push_back(job);
        queue.forget();
        Ok(queued)
    }

    /// Whether a training is running or queued.
    pub fn is_busy(&self) -> bool {
        let queue = self.lock();
        let mut trainings = queue
            .known
            .iter()
            .filter(|job| matches!(job.kind, Kind::Train(_)));
        trainings.any(|job| !job.state().is_final())
    }

    pub fn get(&self, id: &str) -> Option<JobView> {
        self.lock().find(id).map(|job| job.view())
    }

    /// All known jobs, newest first.
    pub fn list(&self) -> Vec<JobView> {
        self.lock()
            .known
            .iter()
            .rev()
            .map(|job| job.view())
            .collect()
    }

    /// Cancels a job. A running job stops at its next step.
    ///
    /// # Errors
    /// If the job is unknown, cannot be cancelled or has ended.
    pub fn cancel(&self, id: &str) -> Result<JobView, CancelError> {
        let mut queue = self.lock();
        let job = queue
            .find(id)
            .ok_or_else(|| CancelError::Unknown(id.into()))?;
        match (job.state(), &job.kind) {
            (
                State::Queued | State::Running,
                Kind::Store(Upkeep {
                    whole: Some(reason),
                    ..
                }),
            ) => {
                return Err(CancelError::Whole {
                    id: id.into(),
                    reason,
                });
            }
            // The job's thread exists already and will see the cancellation.
            (State::Queued, Kind::Store(_)) => job.ask_to_stop(),
            (State::Queued, Kind::Train(_)) => {
                queue.waiting.retain(|waiting| waiting.id != id);
                job.end(State::Cancelled, None, None);
                self.count(&queue, State::Cancelled);
            }
            (State::Running, _) => job.ask_to_stop(),
            (State::Cancelled, _) => {}
            (state, _) => {
                return Err(CancelError::Over {
                    id: id.into(),
                    state,
                });
            }
        }
        Ok(job.view())
    }

    /// Closes the queue and cancels all unfinished jobs.
    pub fn close(&self) {
        let mut queue = self.lock();
        queue.closed = true;
        while let Some(job) = queue.waiting.pop_front() {
            job.end(State::Cancelled, None, None);
            self.count(&queue, State::Cancelled);
        }
        queue.known.iter().for_each(|job| job.ask_to_stop());
        self.0.bell.notify_all();
    }

    fn job(&self, kind: Kind) -> Arc<Job> {
        let id = self.0.clock.id().to_string();
        Arc::new(Job::new(id, kind, self.0.feed.clone()))
    }

    /// Waits for the next queued job and returns it; `None` after [`Jobs::close`].
    fn take(&self) -> Option<Arc<Job>> {
        let mut queue = self.lock();
        loop {
            if let Some(job) = queue.waiting.pop_front() {
                job.begin_running();
                self.count(&queue, State::Running);
                return Some(job);
            }
            if queue.closed {
                return None;
            }
            queue = self
                .0
                .bell
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    fn count(&self, queue: &Queue, state: State) {
        self.0
            .metrics
            .titanic_training_jobs_total
            .of(state)
            .increment(1);
        self.0
            .metrics
            .titanic_jobs_queued
            .set(queue.waiting.len() as f64);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        // No code that holds the lock can panic halfway through a change.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn find(&self, id: &str) -> Option<Arc<Job>> {
        self.known.iter().find(|job| job.id == id).cloned()
    }

    /// Removes the oldest finished jobs beyond the maximum.
    fn forget(&mut self) {
        let finished = |job: &Arc<Job>| job.state().is_final();
        let mut surplus = self
            .known
            .iter()
            .filter(|job| finished(job))
            .count()
            .saturating_sub(MOST_KEPT);
        self.known.retain(|job| {
            let goes = surplus > 0 && finished(job);
            surplus -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests;
