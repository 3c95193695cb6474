//! The parts of a prediction that REST and WebSocket share: the live model, prediction ids, the recorder and the metrics.

use std::cell::RefCell;
use std::sync::Arc;

use uuid::Uuid;

use super::problem::{Faults, Problem};
use crate::clock::{self, Clock};
use crate::live::{Champion, LiveModel};
use crate::model::Workspace;
use crate::schema::row::Purpose;
use crate::schema::{Row, RowView, Schema, Warning};
use crate::store::event::StoredRow;
use crate::store::feed::{Prediction, PredictionId, Recorder};
use crate::telemetry::metrics::{Metrics, Transport};

/// The shared state of all prediction handlers. Clones share it.
#[derive(Clone)]
pub struct Predictor {
    pub live: LiveModel,
    /// Stores predictions and publishes them on the live feed.
    pub recorder: Recorder,
    /// Minimum rows of a request for the monitor to judge the request as a batch.
    pub batch: u64,
    /// Clock for the timestamps in prediction ids.
    pub clock: Arc<dyn Clock>,
    pub metrics: Arc<Metrics>,
}

/// The transport of rows, and whether their predictions are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The transport by which the rows reached the server.
    pub transport: Transport,
    /// Whether this is a trial: its predictions are not stored, and only `titanic_trial_rows_total` counts its rows.
    pub trial: bool,
}

/// The stored facts of a prediction except its model and time.
pub struct Made<'a> {
    pub id: PredictionId,
    /// The transport by which the row reached the server.
    pub transport: Transport,
    /// Predicted probability of the positive value.
    pub probability: f64,
    pub row: RowView<'a>,
    /// Storage key of the row's own id, if the row has one.
    pub own_id: Option<String>,
    /// Warnings returned with the prediction.
    pub warnings: &'a [Warning],
}

impl Predictor {
    /// The current live model. A request calls this once, so that one model predicts all of its rows.
    ///
    /// # Errors
    /// 503 until the first model is loaded.
    pub fn champion(&self) -> Result<Arc<Champion>, Problem> {
        match &*self.live.load() {
            Some(live) => Ok(live.model.clone()),
            None => Err(Problem::not_ready(
                "the first model is not loaded yet; send it again in a moment",
            )),
        }
    }

    /// A new prediction id with the current time.
    pub fn fresh_id(&self) -> Uuid {
        clock::id(self.clock.now())
    }

    /// Builds the stored form of a prediction.
    pub fn prediction(&self, champion: &Champion, made: Made<'_>) -> Prediction {
        Prediction {
            id: made.id,
            label: champion.model.label(made.probability).clone(),
            probability: made.probability,
            model: champion.name.clone(),
            warnings: made.warnings.to_vec(),
            batch: None,
            transport: made.transport,
            time: self.clock.now(),
            row: StoredRow::of(champion.model.schema(), made.row, None),
            own_id: made.own_id.map(Into::into),
        }
    }

    /// Records a prediction for the store and the live feed. It must be called once per prediction.
    pub fn note(&self, prediction: Prediction) {
        self.recorder.note(prediction);
    }

    /// Adds predicted rows and their warnings to the metrics.
    pub fn count(&self, origin: Origin, rows: usize, warnings: usize) {
        let Origin { transport, trial } = origin;
        if trial {
            let trials = &self.metrics.titanic_trial_rows_total;
            return trials.of(transport).increment(rows as u64);
        }
        self.metrics
            .titanic_predictions_rows_total
            .of(transport)
            .increment(rows as u64);
        if warnings > 0 {
            self.metrics
                .titanic_prediction_warnings_total
                .increment(warnings as u64);
        }
    }

    /// Adds rows without a prediction to the metrics: `bad` rows, which have the `faults`, and `good` rows, which failed only
    /// because they were in the same request. Trials are not counted.
    pub fn refuse(&self, origin: Origin, bad: usize, good: usize, faults: &Faults) {
        if origin.trial {
            return;
        }
        let metrics = &self.metrics;
        metrics
            .titanic_rejected_rows_total
            .of(origin.transport)
            .increment(bad as u64);
        metrics.titanic_failed_rows_total.increment(good as u64);
        metrics
            .titanic_rejected_values_total
            .increment(faults.by_column());
    }
}

/// Scratch memory of a thread, reused between requests: a row and the buffers to predict it.
struct Bench {
    schema: Arc<Schema>,
    row: Row,
    work: Workspace,
}

thread_local! {
    static BENCH: RefCell<Option<Bench>> = const { RefCell::new(None) };
}

/// Calls `work` with this thread's scratch row and buffers. The row is replaced if the schema has changed.
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
