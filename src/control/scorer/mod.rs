//! The shadow scorer: the task that has the shadow candidate score live traffic in parallel with the champion.
//!
//! It reads predictions from a queue of its own, off the response path: no request waits for it, and predictions that exceed
//! the queue are skipped and counted. Scores are held in memory, by the ids of their predictions, until the labels arrive. A
//! score depends on row and model alone, so a missing score (skipped, or lost in a restart) is computed when the label
//! arrives, with the same value. Therefore **the choice of compared rows depends neither on the speed of the scorer nor on
//! any outcome**, and the bounds of [`crate::promotion::shadow`] hold unchanged.

mod scores;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::live::Champion;
use crate::model::{Model, Workspace};
use crate::promotion::gate::Thresholds;
use crate::promotion::shadow::Live;
use crate::schema::Row;
use crate::schema::row::Purpose;
use crate::store::event::StoredRow;
use crate::store::feed::{Prediction, Tapped, Valve};
use crate::telemetry::metrics::Metrics;
use scores::Scores;

/// Predictions scored per batch, which takes a few milliseconds of one thread.
const AT_ONCE: usize = 256;

/// A candidate, and the champion that it is compared with.
#[derive(Clone, Debug)]
pub struct Part {
    pub candidate: Arc<Champion>,
    pub champion: Arc<str>,
    /// Decision thresholds of both models.
    pub thresholds: Thresholds,
}

/// A handle on the task. Clones share it.
#[derive(Clone)]
pub struct ShadowScorer {
    valve: Valve,
    stage: Arc<Mutex<Option<Stage>>>,
    metrics: Arc<Metrics>,
}

struct Stage {
    part: Part,
    live: Live,
    scores: Scores,
}

impl ShadowScorer {
    /// A scorer without a candidate.
    pub fn new(valve: Valve, metrics: Arc<Metrics>) -> ShadowScorer {
        ShadowScorer {
            valve,
            stage: Arc::default(),
            metrics,
        }
    }

    /// Starts to score with a candidate; `live` holds the statistics of its earlier scores.
    pub fn play(&self, part: Part, live: Live) {
        self.valve.set(Some(part.champion.clone()));
        self.valve.take_passed_over(); // that was another part's
        *self.lock() = Some(Stage {
            part,
            live,
            scores: Scores::default(),
        });
    }

    pub fn rest(&self) {
        self.valve.set(None);
        *self.lock() = None;
    }

    pub fn candidate(&self) -> Option<Arc<Champion>> {
        Some(self.lock().as_ref()?.part.candidate.clone())
    }

    /// Statistics of how the predictions differ so far.
    pub fn live(&self) -> Option<Live> {
        let mut stage = self.lock();
        let stage = stage.as_mut()?;
        stage.live.skip(self.valve.take_passed_over());
        Some(stage.live.clone())
    }

    /// Removes and returns the score that was made live for a prediction.
    pub fn take_score(&self, id: &str) -> Option<f64> {
        self.lock().as_mut()?.scores.take(id)
    }

    /// Scores the predictions from the queue.
    pub async fn run(self, mut tapped: Tapped) {
        let mut taken = Vec::with_capacity(AT_ONCE);
        while tapped.take(&mut taken, AT_ONCE).await > 0 {
            let (this, batch) = (self.clone(), std::mem::take(&mut taken));
            if let Err(panic) = tokio::task::spawn_blocking(move || this.score(&batch)).await {
                // A panic is a defect of this program; the comparison continues without live scores.
                tracing::error!(%panic, "shadow: scoring panicked; the candidate scores these rows when their labels come");
            }
        }
        std::future::pending().await // ended with the other tasks
    }

    fn score(&self, batch: &[Arc<Prediction>]) {
        let Some(part) = self.lock().as_ref().map(|stage| stage.part.clone()) else {
            return;
        };
        let mut bench = Bench::of(&part.candidate.model);
        let (mut scored, mut failed) = (Vec::with_capacity(batch.len()), 0);
        for made in batch.iter().filter(|made| made.model == part.champion) {
            match bench.score(&made.row) {
                Some(probability) => scored.push((made, probability)),
                None => failed += 1,
            }
        }
        self.metrics
            .titanic_shadow_scored_predictions_total
            .increment(scored.len() as u64);
        self.metrics
            .titanic_shadow_skipped_predictions_total
            .increment(failed);
        let mut stage = self.lock();
        let stage = stage.as_mut();
        // The candidate was replaced in the meantime: these scores are not those of the new one.
        let Some(stage) = stage.filter(|s| Arc::ptr_eq(&s.part.candidate, &part.candidate)) else {
            return;
        };
        stage.live.skip(failed);
        for (made, probability) in scored {
            stage
                .live
                .update(part.thresholds, made.probability, probability);
            stage.scores.keep(made.id.to_string(), probability);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Stage>> {
        // No code that holds the lock can panic halfway through a change.
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a model says of a row as it is kept; none where its schema does not take it.
pub fn score(model: &Model, row: &StoredRow<'_>) -> Option<f64> {
    Bench::of(model).score(row)
}

/// A model with its scratch memory.
struct Bench<'m> {
    model: &'m Model,
    row: Row,
    work: Workspace,
}

impl Bench<'_> {
    fn of(model: &Model) -> Bench<'_> {
        Bench {
            model,
            row: Row::new(model.schema(), Purpose::Predict),
            work: Workspace::default(),
        }
    }

    fn score(&mut self, stored: &StoredRow<'_>) -> Option<f64> {
        let Bench { model, row, work } = self;
        stored.read(model.schema(), row);
        row.faults
            .is_empty()
            .then(|| model.probability(row.view(), work))
    }
}
