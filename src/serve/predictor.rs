//! What a row needs on its way to an answer: the live model, an id, a note for the feed, the counters. REST and WebSocket
//! share it.

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

/// Answers rows. Clones share everything.
#[derive(Clone)]
pub struct Predictor {
    /// The model that answers.
    pub live: LiveModel,
    /// Takes note of what was answered.
    pub recorder: Recorder,
    /// Rows from which on the monitor judges a request as a whole.
    pub batch: u64,
    /// Time of ids.
    pub clock: Arc<dyn Clock>,
    /// Counters of rows and warnings.
    pub metrics: Arc<Metrics>,
}

/// Where rows come from, and whether their predictions are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// How they reached the server.
    pub transport: Transport,
    /// Whether this is a trial: nothing is stored, and nothing but [`Origin::transport`]'s trials is counted.
    pub trial: bool,
}

/// What is stored of a prediction beside its model and time.
pub struct Made<'a> {
    /// Its id.
    pub id: PredictionId,
    /// How its row reached the server.
    pub transport: Transport,
    /// Probability of the positive value.
    pub probability: f64,
    /// The row as it was checked.
    pub row: RowView<'a>,
    /// The key of the row's own id, where it has one.
    pub own_id: Option<String>,
    /// Warnings given with it.
    pub warnings: &'a [Warning],
}

impl Predictor {
    /// The model that answers at this moment, for the length of one request.
    ///
    /// # Errors
    /// 503 before the first model is loaded.
    pub fn champion(&self) -> Result<Arc<Champion>, Problem> {
        match &*self.live.load() {
            Some(live) => Ok(live.model.clone()),
            None => Err(Problem::not_ready(
                "the first model is not loaded yet; ask again in a moment",
            )),
        }
    }

    /// A new id.
    pub fn fresh_id(&self) -> Uuid {
        clock::id(self.clock.now())
    }

    /// A prediction as it is stored.
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

    /// Notes a prediction that is answered, once.
    pub fn note(&self, prediction: Prediction) {
        self.recorder.note(prediction);
    }

    /// Counts rows that were answered.
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

    /// Counts rows that got no prediction because of these faults: bad ones, and good ones that were sent together with them.
    /// Faults of a trial are not counted.
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
