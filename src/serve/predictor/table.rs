//! Predicts and records the rows of a table, all with one model.

use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use super::{Predicted, Predictor, Request};
use crate::live::Champion;
use crate::model::Workspace;
use crate::schema::{Cell, Table, Warning};
use crate::serve::problem::Problem;
use crate::store::event::Batch;
use crate::store::feed::PredictionId;

/// Rows scored per block, small enough that their features stay in the CPU cache.
const BLOCK: usize = 256;

/// How long a large body waits for room in the store's queue. The store writes 100,000 predictions in less than a second.
const PATIENCE: Duration = Duration::from_secs(2);

/// Warnings of rows, by the row's index in the table, in order. Rows without warnings are left out.
pub type Warnings = Vec<(usize, Vec<Warning>)>;

/// The rows of a table with their predictions.
pub struct PredictedTable {
    pub table: Table,
    warnings: Warnings,
    probabilities: Vec<f64>,
    /// Empty for a trial.
    ids: Vec<Uuid>,
}

impl PredictedTable {
    /// Row `n`, whose cells are written into a buffer that is reused from row to row.
    pub fn row<'a>(&'a self, n: usize, cells: &'a mut Vec<Cell>) -> Predicted<'a> {
        Predicted {
            probability: self.probability(n),
            row: self.table.row(n, cells),
            own_id: self.table.id(n),
            warnings: self.warnings(n),
        }
    }

    pub fn probability(&self, n: usize) -> f64 {
        self.probabilities[n]
    }

    /// The warnings of row `n`.
    pub fn warnings(&self, n: usize) -> &[Warning] {
        let at = self.warnings.binary_search_by_key(&n, |(n, _)| *n);
        at.map_or(&[], |at| &self.warnings[at].1)
    }

    /// Id of a row's prediction; none for a trial.
    pub fn id(&self, n: usize) -> Option<PredictionId> {
        self.ids.get(n).copied().map(PredictionId::Fresh)
    }

    /// The mark of a request with at least `least` rows, which the monitor evaluates as one batch; none for fewer rows.
    fn batch(&self, least: u64) -> Option<Batch> {
        let rows = self.ids.len() as u64;
        let first = self.ids.first().filter(|_| rows >= least)?;
        Some(Batch {
            // The lowest bits of an id are random.
            id: first.as_u128() as u32,
            row: 0,
            rows,
        })
    }
}

impl Predictor {
    /// Predicts rows without faults. `go_on` is called before each block of rows.
    ///
    /// # Errors
    /// The first error of `go_on`.
    pub fn predict_table(
        &self,
        champion: &Champion,
        (table, warnings): (Table, Warnings),
        request: &Request,
        work: &mut Workspace,
        go_on: impl Fn() -> Result<(), Problem>,
    ) -> Result<PredictedTable, Problem> {
        let mut probabilities = vec![0.0; table.len()];
        for (n, block) in probabilities.chunks_mut(BLOCK).enumerate() {
            go_on()?;
            let model = &champion.model;
            model.probabilities(&table, n * BLOCK, block, work);
        }
        let stored = if request.trial { 0 } else { table.len() };
        Ok(PredictedTable {
            ids: (0..stored).map(|_| self.fresh_id()).collect(),
            probabilities,
            warnings,
            table,
        })
    }

    /// Counts the predictions of a response and notes them for the store. A thread that `may_wait` waits a moment where the
    /// store's queue is full.
    pub fn record_table(
        &self,
        champion: &Champion,
        predicted: &PredictedTable,
        request: &Request,
        may_wait: bool,
    ) {
        let warnings = predicted
            .warnings
            .iter()
            .map(|(_, warnings)| warnings.len());
        self.count(request, predicted.table.len(), warnings.sum());
        let until = Instant::now() + PATIENCE;
        let batch = predicted.batch(self.batch);
        let mut cells = Vec::new();
        for (n, id) in predicted.ids.iter().enumerate() {
            let id = PredictionId::Fresh(*id);
            let now = self.clock.now();
            let mut stored =
                predicted
                    .row(n, &mut cells)
                    .stored(id, champion, request.transport, now);
            stored.batch = batch.map(|batch| Batch {
                row: n as u64,
                ..batch
            });
            match may_wait {
                true => self.recorder.note_by(until, stored),
                false => self.recorder.note(stored),
            }
        }
    }
}
