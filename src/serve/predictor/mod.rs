//! The one path from a row to its prediction, which every transport uses: check, count, id, probability, explanation,
//! response, and a note for the store.
//!
//! A transport decodes a row and a [`Request`], and calls [`Predictor::predict`] for one row, or
//! [`Predictor::predict_table`] and [`Predictor::record_table`] for many.

mod answer;
mod named;
mod predicted;
mod scratch;
mod table;

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::problem::{Faults, Problem, kind};
use crate::clock::{self, Clock};
use crate::live::{Champion, LiveModel};
use crate::model::Workspace;
use crate::schema::Row;
use crate::store::Store;
use crate::store::feed::{PredictionId, Recorder};
use crate::telemetry::metrics::{Metrics, Transport};
use answer::{Answer, Why};
pub use named::Named;
use named::{Known, fingerprint};
pub use predicted::Predicted;
pub use scratch::on_scratch;
pub use table::{PredictedTable, Warnings};

/// The shared state of all prediction handlers. Clones share it.
#[derive(Clone)]
pub struct Predictor {
    pub live: LiveModel,
    /// Stores predictions and publishes them on the live feed.
    pub recorder: Recorder,
    /// Holds the earlier predictions of ids that clients chose.
    pub store: Store,
    /// The newest predictions with such ids.
    pub named: Arc<Named>,
    /// Minimum rows of a request for the monitor to judge the request as a batch.
    pub batch: u64,
    /// Clock for the timestamps in prediction ids.
    pub clock: Arc<dyn Clock>,
    pub metrics: Arc<Metrics>,
}

/// How a client wants its rows predicted.
#[derive(Clone, Debug)]
pub struct Request {
    /// The transport by which the rows reached the server.
    pub transport: Transport,
    /// Whether this is a trial: its predictions are not stored, and only `titanic_trial_rows_total` counts its rows.
    pub trial: bool,
    /// Whether to add contributions, which together with the base sum to the probability.
    pub explain: bool,
    /// The id that the client chose for the prediction.
    pub id: Option<Arc<str>>,
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

    /// Predicts one row: writes the members of the response to `out`, without the braces around them, and notes the
    /// prediction for the store.
    ///
    /// # Errors
    /// 422 if the row has faults; 409 if the id belongs to another row; 503 if the store cannot be read for that id.
    pub fn predict(
        &self,
        champion: &Champion,
        row: &Row,
        request: &Request,
        work: &mut Workspace,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        self.check(request, row)?;
        self.count(request, 1, row.warnings.len());
        if let Some(id) = &request.id {
            return self.predict_named(champion, row, request, id, work, out);
        }
        let id = (!request.trial).then(|| PredictionId::Fresh(self.fresh_id()));
        let predicted = Predicted::of(&champion.model, row, work);
        predicted.write(id.as_ref(), champion, request.explain, work, out);
        if let Some(id) = id {
            let stored = predicted.stored(id, champion, request.transport, self.clock.now());
            self.recorder.note(stored);
        }
        Ok(())
    }

    /// Predicts a row under a client-chosen id. A repeated id with the same row gets the first prediction, which is stored
    /// once.
    fn predict_named(
        &self,
        champion: &Champion,
        row: &Row,
        request: &Request,
        id: &Arc<str>,
        work: &mut Workspace,
        out: &mut Vec<u8>,
    ) -> Result<(), Problem> {
        let model = &champion.model;
        let fingerprint = fingerprint(model.schema(), row.view());
        let known = match self.named.get(id) {
            Some(known) => Some(known),
            None => Known::stored(&self.store, id, model.schema(), &row.warnings)?,
        };
        let known = known.unwrap_or_else(|| {
            let named = PredictionId::Named(id.clone());
            let predicted = Predicted::of(model, row, work);
            let now = self.clock.now();
            let known = Known {
                fingerprint,
                prediction: predicted.stored(named, champion, request.transport, now),
            };
            let first = self.named.keep(id.clone(), known.clone());
            if first.is_none() {
                self.recorder.note(known.prediction.clone());
            }
            first.unwrap_or(known)
        });
        if known.fingerprint != fingerprint {
            let detail =
                format!("the id {id:?} was given to another row; give this one an id of its own");
            return Err(Problem::new(&kind::CONFLICT, detail));
        }
        let first = &known.prediction;
        if request.explain && first.model != champion.name {
            let detail = format!(
                "{} made this prediction and is no longer live; send it without explain",
                first.model
            );
            return Err(Problem::new(&kind::CONFLICT, detail));
        }
        let answer = Answer {
            id: Some(&first.id),
            label: &first.label,
            probability: first.probability,
            model: &first.model,
            warnings: &first.warnings,
            why: request.explain.then(|| Why::of(model, row.view(), work)),
        };
        answer.write(out);
        Ok(())
    }

    /// The time of a prediction whose id the client chose, if the prediction is still held in memory.
    pub fn named_at(&self, id: &str) -> Option<Timestamp> {
        Some(self.named.get(id)?.prediction.time)
    }

    /// A new prediction id with the current time.
    fn fresh_id(&self) -> Uuid {
        clock::id(self.clock.now())
    }

    /// Checks that a row has no faults; a row with faults is counted as rejected.
    fn check(&self, request: &Request, row: &Row) -> Result<(), Problem> {
        if row.faults.is_empty() {
            return Ok(());
        }
        let mut faults = Faults::default();
        faults.row(&row.faults, "", None);
        self.refuse(request, 1, 0, &faults);
        Err(faults.into_problem(1))
    }

    /// Adds predicted rows and their warnings to the metrics.
    fn count(&self, request: &Request, rows: usize, warnings: usize) {
        if request.trial {
            let trials = &self.metrics.titanic_trial_rows_total;
            return trials.of(request.transport).increment(rows as u64);
        }
        self.metrics
            .titanic_predictions_rows_total
            .of(request.transport)
            .increment(rows as u64);
        if warnings > 0 {
            self.metrics
                .titanic_prediction_warnings_total
                .increment(warnings as u64);
        }
    }

    /// Adds rows without a prediction to the metrics: `bad` rows, which have the `faults`, and `good` rows, which failed only
    /// because they were in the same request. Trials are not counted.
    pub fn refuse(&self, request: &Request, bad: usize, good: usize, faults: &Faults) {
        if request.trial {
            return;
        }
        let metrics = &self.metrics;
        metrics
            .titanic_rejected_rows_total
            .of(request.transport)
            .increment(bad as u64);
        metrics.titanic_failed_rows_total.increment(good as u64);
        metrics
            .titanic_rejected_values_total
            .increment(faults.by_column());
    }
}
