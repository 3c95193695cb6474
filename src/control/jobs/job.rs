//! One job: what was asked, how far it is, what came of it.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::teller::Teller;
use crate::promotion::gate::Gate;
use crate::promotion::policy::Promote;
use crate::schema::ColumnWarning;
use crate::store::feed::Feed;
use crate::store::upkeep::{Backup, Checked, Compacted};
use crate::train::Progress;

/// A training as it is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// A learner's name; none tries all.
    pub learner: Option<String>,
    /// Folds of the cross-validation.
    pub folds: usize,
    pub repeats: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// What becomes of the result.
    pub promote: Promote,
    /// Largest share of bad rows, from 0 to 1.
    pub max_bad: f64,
    pub by: String,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "JobState", inline)]
pub enum State {
    Queued,
    /// It is being done.
    Running,
    /// It ended with a version.
    Done,
    /// It ended with a fault.
    Failed,
    /// It was called off; nothing was registered.
    Cancelled,
}

impl State {
    /// As documents have it.
    pub fn word(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Running => "running",
            State::Done => "done",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
        }
    }

    /// Whether it is over.
    pub fn is_final(self) -> bool {
        !matches!(self, State::Queued | State::Running)
    }
}

/// Work on the store.
#[derive(Clone, Copy, Debug)]
pub struct Upkeep {
    /// What it is called.
    pub name: &'static str,
    /// Why it cannot be cancelled while it runs; none where it can.
    pub whole: Option<&'static str>,
}

/// What kind of work a job is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Train(Asked),
    Store(Upkeep),
}

/// What came of a job, by its kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "JobResult")]
pub enum Product {
    /// The version that a training made.
    Version(Made),
    /// A check of the store.
    Checked(Checked),
    /// A compaction of the store.
    Compacted(Compacted),
    /// A backup of the store.
    Backup(Backup),
}

/// What came of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Trained")]
pub struct Made {
    pub model: String,
    /// Whether it is champion now.
    pub promoted: bool,
    /// Why, or why not.
    pub reason: String,
    /// The comparison on rows the champion never saw; none where there was none.
    pub gate: Option<Gate>,
    /// What was odd about the table and the model, by column.
    pub warnings: Vec<ColumnWarning>,
}

/// A job as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Job")]
pub struct JobView {
    pub id: String,
    /// What kind of work it is.
    pub kind: Cow<'static, str>,
    /// How far it is.
    pub state: State,
    /// The same as a number from 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    pub progress: f64,
    /// What came of it.
    pub result: Option<Product>,
    pub error: Option<String>,
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

#[derive(Debug)]
struct Outcome {
    state: State,
    result: Option<Product>,
    error: Option<String>,
}

impl Job {
    pub(super) fn new(kind: Kind, feed: Feed) -> Job {
        let outcome = Outcome {
            state: State::Queued,
            result: None,
            error: None,
        };
        Job {
            id: Uuid::now_v7().to_string(),
            kind,
            steps: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            cancel: AtomicBool::new(false),
            outcome: Mutex::new(outcome),
            teller: Teller::new(feed),
        }
    }

    /// Tells subscribers how it stands.
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
        // Assignments alone happen under it, so a holder that panicked leaves a whole one behind.
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
