//! What a row needs on its way to an answer: the live model, an id, a note for the feed, the counters. REST and WebSocket
//! share it.

use std::cell::RefCell;
use std::sync::Arc;

use uuid::Uuid;

use super::problem::{Faults, Problem};
use crate::clock::Clock;
use crate::control::champion::{Champion, Seat};
use crate::model::Workspace;
use crate::schema::row::Purpose;
use crate::schema::{Row, RowView, Schema, Warning, json};
use crate::store::feed::{Prediction, PredictionId, Recorder};
use crate::telemetry::metrics::{Door, Metrics};

/// Answers rows. Clones share everything.
#[derive(Clone)]
pub struct Predictor {
    /// The model that answers.
    pub seat: Seat,
    /// Takes note of what was answered.
    pub recorder: Recorder,
    /// Rows from which on the monitor judges a request as a whole.
    pub batch: u64,
    /// Time of ids.
    pub clock: Arc<dyn Clock>,
    /// Counters of rows and warnings.
    pub metrics: Arc<Metrics>,
}

impl Predictor {
    /// The model that answers at this moment, for the length of one request.
    ///
    /// # Errors
    /// 503 before the first model is loaded.
    pub fn champion(&self) -> Result<Arc<Champion>, Problem> {
        match self.seat.live() {
            Some(live) => Ok(live.load().model.clone()),
            None => Err(Problem::not_ready(
                "the first model is not loaded yet; ask again in a moment",
            )),
        }
    }

    /// A new id.
    pub fn fresh_id(&self) -> Uuid {
        let now = self.clock.now();
        let seconds = u64::try_from(now.as_second()).unwrap_or(0); // nobody answers before 1970
        let nanoseconds = now.subsec_nanosecond().unsigned_abs();
        Uuid::new_v7(uuid::Timestamp::from_unix(
            uuid::NoContext,
            seconds,
            nanoseconds,
        ))
    }

    /// A prediction as it is kept.
    pub fn prediction(
        &self,
        id: PredictionId,
        champion: &Champion,
        probability: f64,
        row: RowView<'_>,
        warnings: &[Warning],
    ) -> Prediction {
        let mut text = Vec::with_capacity(USUAL);
        json::write::object(champion.model.schema(), row, &mut text);
        let text = String::from_utf8(text).expect("JSON is text");
        Prediction {
            id,
            label: champion.model.label(probability).clone(),
            probability,
            model: champion.name.clone(),
            warnings: warnings.to_vec(),
            batch: None,
            time: self.clock.now(),
            row: text.into(),
        }
    }

    /// Notes a prediction that is answered, once.
    pub fn note(&self, prediction: Prediction) {
        self.recorder.note(prediction);
    }

    /// Counts rows that were answered.
    pub fn count(&self, door: Door, rows: usize, warnings: usize) {
        self.metrics
            .titanic_predictions_rows_total
            .of(door)
            .increment(rows as u64);
        if warnings > 0 {
            self.metrics
                .titanic_prediction_warnings_total
                .increment(warnings as u64);
        }
    }

    /// Counts rows that got no prediction because of these faults: bad ones, and good ones that were sent together with them.
    pub fn refuse(&self, door: Door, bad: usize, good: usize, faults: &Faults) {
        let metrics = &self.metrics;
        metrics
            .titanic_refused_rows_total
            .of(door)
            .increment(bad as u64);
        metrics.titanic_unanswered_rows_total.increment(good as u64);
        metrics
            .titanic_refused_values_total
            .increment(faults.by_column());
    }
}

/// Room for a row as it is kept.
const USUAL: usize = 256;

/// A row and the buffers to answer it, reused from request to request by each thread.
struct Bench {
    schema: Arc<Schema>,
    row: Row,
    work: Workspace,
}

thread_local! {
    static BENCH: RefCell<Option<Bench>> = const { RefCell::new(None) };
}

/// Hands out this thread's row of `schema` and its buffers.
pub fn on_bench<T>(schema: &Arc<Schema>, work: impl FnOnce(&mut Row, &mut Workspace) -> T) -> T {
    let kept = BENCH.take();
    let mut bench = match kept {
        Some(bench) if Arc::ptr_eq(&bench.schema, schema) => bench,
        kept => Bench {
            schema: schema.clone(),
            row: Row::new(schema, Purpose::Predict),
            work: kept.map(|bench| bench.work).unwrap_or_default(),
        },
    };
    let done = work(&mut bench.row, &mut bench.work);
    BENCH.set(Some(bench));
    done
}
