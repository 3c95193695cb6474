//! A predicted row: its part of the response, and what the store keeps of it.

use jiff::Timestamp;

use super::answer::{Answer, Why};
use crate::live::Champion;
use crate::model::{Model, Workspace};
use crate::schema::{Cell, Row, RowView, Warning, own_id};
use crate::store::event::StoredRow;
use crate::store::feed::{Prediction, PredictionId};
use crate::telemetry::metrics::Transport;

/// A row with its predicted probability.
#[derive(Clone, Debug)]
pub struct Predicted<'a> {
    /// Probability of the positive label.
    pub probability: f64,
    pub row: RowView<'a>,
    /// The row's own id.
    pub own_id: Cell,
    /// Warnings about the row's values.
    pub warnings: &'a [Warning],
}

impl<'a> Predicted<'a> {
    /// Predicts one row.
    pub(super) fn of(model: &Model, row: &'a Row, work: &mut Workspace) -> Predicted<'a> {
        Predicted {
            probability: model.probability(row.view(), work),
            row: row.view(),
            own_id: row.id(),
            warnings: &row.warnings,
        }
    }

    /// Writes the members of the JSON response, without the braces around them. `id` is none for a trial.
    pub fn write(
        &self,
        id: Option<&PredictionId>,
        champion: &Champion,
        explain: bool,
        work: &mut Workspace,
        out: &mut Vec<u8>,
    ) {
        let model = &champion.model;
        let answer = Answer {
            id,
            label: model.label(self.probability),
            probability: self.probability,
            model: &champion.name,
            warnings: self.warnings,
            why: explain.then(|| Why::of(model, self.row, work)),
        };
        answer.write(out);
    }

    /// The prediction as stored.
    pub(super) fn stored(
        self,
        id: PredictionId,
        champion: &Champion,
        transport: Transport,
        time: Timestamp,
    ) -> Prediction {
        let model = &champion.model;
        Prediction {
            id,
            label: model.label(self.probability).clone(),
            probability: self.probability,
            model: champion.name.clone(),
            warnings: self.warnings.to_vec(),
            batch: None,
            transport,
            time,
            row: StoredRow::of(model.schema(), self.row, None),
            own_id: own_id::key(self.own_id, self.row.text).map(Into::into),
        }
    }
}
