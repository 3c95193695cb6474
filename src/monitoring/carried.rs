//! Alarms carried over from earlier models. A model swap does not prove that the rows or the decisions are right again, so
//! an alarm stays active until rows or labels of the live model show that it is over.

use serde::{Deserialize, Serialize};

use super::found;
use crate::alert::Condition;
use crate::model::Card;
use crate::monitor::performance::{Fired, Window};
use crate::monitor::slice::Slice;
use crate::monitor::verdict::Verdict;
use crate::stats::metric::Metric;

/// The carried alarms that are still active.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Carried {
    drift: Vec<Drifted>,
    decay: Option<Decayed>,
}

/// A drift found on rows of an earlier model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Drifted {
    slice: Option<Slice>,
    condition: Condition,
}

/// A rise of an earlier model's error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Decayed {
    fired: Fired,
    condition: Condition,
}

impl Carried {
    /// Called before new windows begin: stores the drifts that the last `verdicts` found on the rows of `model`.
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

    /// Called before label counting restarts: stores the decay that the labels so far show.
    pub(super) fn carry_decay(&mut self, model: &str, fired: Option<&Fired>) {
        if let Some(fired) = fired {
            self.decay = Some(Decayed {
                fired: fired.clone(),
                condition: found::decayed(model, fired),
            });
        }
    }

    /// Takes a new verdict on a stream, which replaces any carried alarm of that stream, whatever it says. A verdict on all
    /// rows also ends the alarms of slices that are no longer `watched`.
    pub(super) fn judged(&mut self, slice: Option<&Slice>, watched: &[Option<Slice>]) {
        self.drift.retain(|drifted| {
            let is_same = drifted.slice.as_ref() == slice;
            let is_orphan = slice.is_none() && !watched.contains(&drifted.slice);
            !is_same && !is_orphan
        });
    }

    /// Takes a full window of labels of the live model, which may end the decay. The decay is over if the share of wrong
    /// decisions is back at its level before the rise; or if the live model, whose data may be harder to predict, reaches
    /// the accuracy of its cross-validation and is better than the base rate.
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

    /// Clears the carried decay, because a detector has now found a rise of the live model's own error.
    pub(super) fn decayed_again(&mut self) {
        self.decay = None;
    }

    /// The drift conditions that are still active, with a note on when they end.
    pub(super) fn drift(&self, live: &str) -> impl Iterator<Item = Condition> {
        let until = format!(
            "Found before the windows of {live} began; it is over once a full window of its predictions shows no drift."
        );
        let conditions = self.drift.iter().map(|drifted| &drifted.condition);
        conditions.map(move |condition| still(condition, &until))
    }

    /// The decay condition that is still active, if any, with a note on when it ends.
    pub(super) fn decay(&self, live: &str) -> Option<Condition> {
        let until = format!(
            "Found before the labels of {live} were counted; it is over once a full window of them shows that the error is gone."
        );
        let condition = &self.decay.as_ref()?.condition;
        Some(still(condition, &until))
    }
}

fn still(condition: &Condition, until: &str) -> Condition {
    let description = format!("{} {until}", condition.description);
    condition.clone().describe(description)
}
