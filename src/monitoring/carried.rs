//! Alarms of the models before the live one. A swap is no evidence: what was wrong with the rows or with the decisions may
//! still be. So an alarm stays until rows, or labels, that the live model met show that it is over.

use serde::{Deserialize, Serialize};

use super::found;
use crate::alert::Condition;
use crate::model::Card;
use crate::monitor::performance::{Fired, Window};
use crate::monitor::slice::Slice;
use crate::monitor::verdict::Verdict;
use crate::stats::metric::Metric;

/// The alarms that are open.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Carried {
    drift: Vec<Drifted>,
    decay: Option<Decayed>,
}

/// Rows that had drifted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Drifted {
    slice: Option<Slice>,
    condition: Condition,
}

/// Errors that had risen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Decayed {
    fired: Fired,
    condition: Condition,
}

impl Carried {
    /// Before other windows begin: keeps what is wrong by the last `verdicts` on the rows of `model`.
    pub(super) fn carry_drift<'v>(
        &mut self,
        model: &str,
        verdicts: impl Iterator<Item = &'v Verdict>,
    ) {
        for verdict in verdicts {
            if let Some(condition) = found::drifted(model, verdict) {
                let slice = verdict.slice.clone();
                self.drift.retain(|old| old.slice != slice);
                self.drift.push(Drifted { slice, condition });
            }
        }
    }

    /// Called before labels are counted anew: keeps the decay that those so far show.
    pub(super) fn carry_decay(&mut self, model: &str, fired: Option<&Fired>) {
        if let Some(fired) = fired {
            self.decay = Some(Decayed {
                fired: fired.clone(),
                condition: found::decayed(model, fired),
            });
        }
    }

    /// A verdict on a stream, of which there are `slices` beside that of all rows. Whatever it says, it says it of the same
    /// rows, and takes the place of what was said before. Slices that are watched no more end with the verdict on all rows.
    pub(super) fn judged(&mut self, slice: Option<&Slice>, watched: &[Option<Slice>]) {
        self.drift.retain(|drifted| {
            let is_same = drifted.slice.as_ref() == slice;
            let is_orphan = slice.is_none() && !watched.contains(&drifted.slice);
            !is_same && !is_orphan
        });
    }

    /// Takes a full window of labels of the live model. A decay is over where the share of wrong decisions is again what it was
    /// before it rose; or where the live model, which may have learnt a harder world, errs no more than its training promised
    /// and knows more than the base rate.
    pub(super) fn labelled(&mut self, window: &Window, card: &Card) {
        let keeps_its_promise = || {
            let promised = Metric::named("accuracy").and_then(|metric| card.cv.get(metric));
            promised.is_some_and(|promised| window.reaches_accuracy(promised.mean))
                && window.is_better_than_base_rate()
        };
        let is_over = |decayed: &Decayed| {
            window.reaches_accuracy(1.0 - decayed.fired.change.before.mean) || keeps_its_promise()
        };
        if self.decay.as_ref().is_some_and(is_over) {
            self.decay = None;
        }
    }

    /// A detector found that errors rose: that takes the place of what was found of the model before.
    pub(super) fn decayed_again(&mut self) {
        self.decay = None;
    }

    /// What still holds of rows.
    pub(super) fn drift(&self, live: &str) -> impl Iterator<Item = Condition> {
        let until = format!(
            "Found before the windows of {live} began; it is over once a full window of its predictions shows no drift."
        );
        let conditions = self.drift.iter().map(|drifted| &drifted.condition);
        conditions.map(move |condition| still(condition, &until))
    }

    /// What still holds of decisions.
    pub(super) fn decay(&self, live: &str) -> Option<Condition> {
        let until = format!(
            "Found before the labels of {live} were counted; it is over once a full window of them shows the error gone."
        );
        let condition = &self.decay.as_ref()?.condition;
        Some(still(condition, &until))
    }
}

fn still(condition: &Condition, until: &str) -> Condition {
    let description = format!("{} {until}", condition.description);
    condition.clone().describe(description)
}
