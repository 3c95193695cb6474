//! One job: its request, its progress and its result.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::teller::Teller;
use super::view::{JobView, Product, State};
use crate::promotion::policy::Promote;
use crate::store::feed::Feed;
use crate::train::Progress;
use crate::train::work::Limits;

/// A training as requested.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Name of the learner; `None` tries all of them.
    pub learner: Option<String>,
    pub folds: usize,
    pub repeats: usize,
    /// Seed of every random choice.
    pub seed: u64,
    /// Budget of the training and latency of the model.
    pub limits: Limits,
    /// Promotion mode for the new version.
    pub promote: Promote,
    /// Maximum share of invalid rows, from 0 to 1.
    pub max_bad: f64,
    pub by: String,
}

/// A job on the store that runs in a thread of its own.
#[derive(Clone, Copy, Debug)]
pub struct Upkeep {
    /// Name of the operation.
    pub name: &'static str,
    /// Why the operation cannot be cancelled while it runs; `None` if it can.
    pub whole: Option<&'static str>,
}

/// The kind of a job.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Train(Asked),
    Store(Upkeep),
}

#[derive(Debug)]
pub(super) struct Job {
    pub(super) id: String,
    pub(super) kind: Kind,
    steps: AtomicUsize,
    done: AtomicUsize,
    cancel: AtomicBool,
    outcome: Mutex<Outcome>,
    teller: Teller,
}

/// Steps of the progress of a job on the store, which reports a share.
const STEPS: usize = 1000;

/// A running job, for the work that it does.
pub struct Running<'a>(pub(super) &'a Job);

impl Running<'_> {
    /// Whether the job was cancelled.
    pub fn stopped(&self) -> bool {
        self.0.stopped()
    }

    /// Reports which share of the work is done.
    pub fn report(&self, share: f64) {
        let Job {
            steps,
            done,
            teller,
            ..
        } = self.0;
        steps.store(STEPS, Ordering::Relaxed);
        done.store((share * STEPS as f64) as usize, Ordering::Relaxed);
        teller.tell_progress(|| self.0.view());
    }
}

#[derive(Debug)]
struct Outcome {
    state: State,
    result: Option<Product>,
    error: Option<String>,
}

impl Job {
    pub(super) fn new(id: String, kind: Kind, feed: Feed) -> Job {
        let outcome = Outcome {
            state: State::Queued,
            result: None,
            error: None,
        };
        Job {
            id,
            kind,
            steps: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            cancel: AtomicBool::new(false),
            outcome: Mutex::new(outcome),
            teller: Teller::new(feed),
        }
    }

    /// Publishes the job's state to subscribers.
    pub(super) fn tell(&self) {
        self.teller.tell(|| self.view());
    }

    pub(super) fn state(&self) -> State {
        self.outcome().state
    }

    pub(super) fn begin_running(&self) {
        self.outcome().state = State::Running;
        self.tell();
    }

    pub(super) fn end(&self, state: State, result: Option<Product>, error: Option<String>) {
        *self.outcome() = Outcome {
            state,
            result,
            error,
        };
        self.tell();
    }

    pub(super) fn ask_to_stop(&self) {
        self.cancel.store(true, Ordering::Relaxed);
    }

    pub(super) fn view(&self) -> JobView {
        let outcome = self.outcome();
        let (steps, done) = (
            self.steps.load(Ordering::Relaxed),
            self.done.load(Ordering::Relaxed),
        );
        let progress = match outcome.state {
            State::Done => 1.0,
            _ if steps == 0 => 0.0,
            _ => (done as f64 / steps as f64).min(1.0),
        };
        JobView {
            id: self.id.clone(),
            kind: match self.kind {
                Kind::Train(_) => "train".into(),
                Kind::Store(upkeep) => upkeep.name.into(),
            },
            state: outcome.state,
            progress,
            result: outcome.result.clone(),
            error: outcome.error.clone(),
        }
    }

    fn outcome(&self) -> MutexGuard<'_, Outcome> {
        // The lock only guards assignments, so the value is consistent even if a holder panicked.
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Job {
    fn begin(&self, steps: usize) {
        self.steps.store(steps, Ordering::Relaxed);
    }

    fn advance(&self, _: &str) {
        self.done.fetch_add(1, Ordering::Relaxed);
        self.teller.tell_progress(|| self.view());
    }

    fn stopped(&self) -> bool {
        self.cancel.load(Ordering::Relaxed)
    }
}
