//! `companion_target`: the mean outcome of the other training rows in the row's group, which is defined by a shared key.
//!
//! The keys are tried in order; the first one under which other rows exist is used. With n others the value is (Σ outcome of
//! the others + weight · prior) / (n + weight). The outcome is the label (prior: its mean), or with `against` the label
//! minus the rate of the other row's own cell, so that a group adds only what its members' cells do not already express
//! (prior: 0). A cell's rate is (Σ label + cell_weight · prior) / (n + cell_weight).
//!
//! Group means are shrunk towards a prior as in Micci-Barreca, "A preprocessing scheme for high-cardinality categorical
//! attributes", 2001. For a training row the group excludes the row itself; for any other row it is complete.

use serde::{Deserialize, Serialize};

use crate::features::condition::{Condition, OneOf};
use crate::features::frame::Frame;
use crate::features::group::{Key, KeySpec, Tallies};
use crate::features::scope::{Scope, SlotKind, StepError};
use crate::features::step::Step;
use crate::features::training::{FitStep, Training};

/// `companion_target` as written in the spec. Outputs `NAME.value`, and with `cap` also `NAME.known` = min(n, cap).
/// With `split` each exists twice, `….in` for the rows of the condition and `….out` for the rest, and is 0 for a row
/// of the other side.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompanionTargetSpec {
    keys: Vec<KeySpec>,
    /// Training rows whose outcome counts; all if omitted.
    #[serde(default)]
    rows: Option<Vec<OneOf>>,
    /// A category: outcomes are measured relative to the rate of their row's level.
    #[serde(default)]
    against: Option<String>,
    #[serde(default = "two")]
    cell_weight: f64,
    #[serde(default = "one")]
    weight: f64,
    #[serde(default)]
    cap: Option<u32>,
    #[serde(default)]
    split: Option<Vec<OneOf>>,
    /// Input columns that an explanation credits; by default all that the step reads.
    #[serde(default)]
    credit: Vec<String>,
    r#as: String,
}

fn one() -> f64 {
    1.0
}

fn two() -> f64 {
    2.0
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CompanionTarget {
    keys: Vec<(Key, Tallies)>,
    counted: Option<Condition>,
    outcome: Outcome,
    weight: f64,
    cap: Option<u32>,
    split: Option<Condition>,
}

/// The outcome that a label is converted to.
#[derive(Clone, Debug, Serialize, Deserialize)]
enum Outcome {
    /// The label itself; the prior is the mean of all labels.
    Label { prior: f64 },
    /// The label minus the rate of the row's level; minus `overall` if the level is unknown.
    Residual {
        category: u32,
        rates: Vec<f64>,
        overall: f64,
    },
}

impl Outcome {
    fn prior(&self) -> f64 {
        match self {
            Outcome::Label { prior } => *prior,
            Outcome::Residual { .. } => 0.0,
        }
    }

    fn of(&self, frame: &Frame<'_>, positive: bool) -> f64 {
        let label = f64::from(u8::from(positive));
        match self {
            Outcome::Label { .. } => label,
            Outcome::Residual {
                category,
                rates,
                overall,
            } => {
                let level = frame.cell(*category as usize).as_level();
                label - level.and_then(|l| rates.get(l as usize)).unwrap_or(overall)
            }
        }
    }
}

impl FitStep for CompanionTargetSpec {
    type Fitted = CompanionTarget;

    fn fit(
        &self,
        scope: &mut Scope,
        training: &mut Training<'_>,
    ) -> Result<CompanionTarget, StepError> {
        let positive = |w: f64| w.is_finite() && w > 0.0;
        if !positive(self.weight) || !positive(self.cell_weight) {
            return Err(StepError::new(
                "a weight is not positive",
                "weights count as so many rows of the prior",
            ));
        }
        if self.keys.is_empty() {
            return Err(StepError::new(
                "keys is empty",
                "name at least one key: {of: [columns]}",
            ));
        }
        let condition = |any: &Option<Vec<OneOf>>, scope: &Scope| {
            any.as_ref()
                .map(|any| Condition::resolve(any, scope))
                .transpose()
        };
        let keys = self
            .keys
            .iter()
            .map(|key| Ok((Key::resolve(key, scope)?, Tallies::default())));
        let mut step = CompanionTarget {
            keys: keys.collect::<Result<_, StepError>>()?,
            counted: condition(&self.rows, scope)?,
            outcome: self.outcome(scope, training)?,
            weight: self.weight,
            cap: self.cap,
            split: condition(&self.split, scope)?,
        };
        step.tally(training);
        self.declare(&step, scope)?;
        Ok(step)
    }
}

impl CompanionTargetSpec {
    fn outcome(&self, scope: &Scope, training: &Training<'_>) -> Result<Outcome, StepError> {
        let labels = training.labels;
        let positives = labels.iter().filter(|l| **l).count() as f64;
        let prior = if labels.is_empty() {
            0.0
        } else {
            positives / labels.len() as f64
        };
        let Some(against) = &self.against else {
            return Ok(Outcome::Label { prior });
        };
        let (category, levels) = scope.category(against)?;
        let mut cells = vec![(0.0, 0.0); levels.len()];
        for (of_row, label) in training.frames.cells(category).zip(labels) {
            if let Some(cell) = of_row.as_level().and_then(|l| cells.get_mut(l as usize)) {
                cell.0 += f64::from(u8::from(*label));
                cell.1 += 1.0;
            }
        }
        let w = self.cell_weight;
        let rates = cells
            .iter()
            .map(|(sum, n)| (sum + w * prior) / (n + w))
            .collect();
        Ok(Outcome::Residual {
            category: category as u32,
            rates,
            overall: prior,
        })
    }

    fn declare(&self, step: &CompanionTarget, scope: &mut Scope) -> Result<(), StepError> {
        let credit = self
            .credit
            .iter()
            .map(|c| scope.find(c))
            .collect::<Result<Vec<_>, _>>()?;
        let (inputs, _) = step.reach();
        let kinds = ["value"].into_iter().chain(self.cap.map(|_| "known"));
        let sides: &[&str] = if self.split.is_some() {
            &[".in", ".out"]
        } else {
            &[""]
        };
        for (kind, side) in kinds.flat_map(|kind| sides.iter().map(move |side| (kind, side))) {
            let slot = scope.add(
                format!("{}.{kind}{side}", self.r#as),
                SlotKind::Number,
                false,
                &inputs,
            );
            scope.mark_from_target(slot);
            if !credit.is_empty() {
                scope.credit(slot, &credit);
            }
        }
        Ok(())
    }
}

/// Subtracting a row's own outcome from a sum leaves a rounding error that depends on the row's label, and a tree could
/// split on it. Rounding removes it.
fn rounded(value: f64) -> f64 {
    const GRAIN: f64 = 1e9;
    (value * GRAIN).round() / GRAIN + 0.0 // never -0
}

impl CompanionTarget {
    fn tally(&mut self, training: &Training<'_>) {
        let (slots, _) = self.reach();
        let CompanionTarget {
            keys,
            counted,
            outcome,
            ..
        } = self;
        training.each(&slots, |frame, label| {
            if counted.as_ref().is_none_or(|c| c.holds(frame)) {
                let value = outcome.of(frame, label);
                for (key, tallies) in keys.iter_mut() {
                    if key.write(frame) {
                        tallies.add(frame.key, value);
                    }
                }
            }
        });
    }

    /// Value and number of the other rows; `own` is the row's outcome if the tallies include it.
    fn others(&self, frame: &mut Frame<'_>, own: Option<f64>) -> (f64, u32) {
        let prior = self.outcome.prior();
        for (key, tallies) in &self.keys {
            if !key.write(frame) {
                continue;
            }
            let tally = tallies.get(frame.key);
            let (sum, rows) = match own {
                Some(own) => (tally.sum - own, tally.rows.saturating_sub(1)),
                None => (tally.sum, tally.rows),
            };
            if rows > 0 {
                let value = (sum + self.weight * prior) / (f64::from(rows) + self.weight);
                return (rounded(value), rows);
            }
        }
        (prior, 0)
    }

    fn push(&self, frame: &mut Frame<'_>, own: Option<f64>) {
        let (value, rows) = self.others(frame, own);
        let inside = self.split.as_ref().map(|c| c.holds(frame));
        let known = self.cap.map(|cap| f64::from(rows.min(cap)));
        for number in [Some(value), known].into_iter().flatten() {
            match inside {
                None => frame.push_number(number),
                Some(inside) => {
                    frame.push_number(if inside { number } else { 0.0 });
                    frame.push_number(if inside { 0.0 } else { number });
                }
            }
        }
    }
}

impl Step for CompanionTarget {
    fn apply(&self, frame: &mut Frame<'_>) {
        self.push(frame, None);
    }

    fn apply_to_training_row(&self, frame: &mut Frame<'_>, _: usize, positive: bool) {
        let counted = self.counted.as_ref().is_none_or(|c| c.holds(frame));
        let own = counted.then(|| self.outcome.of(frame, positive));
        self.push(frame, own);
    }

    fn reach(&self) -> (Vec<usize>, usize) {
        let conditions = self
            .counted
            .iter()
            .chain(&self.split)
            .flat_map(Condition::slots);
        let category = match self.outcome {
            Outcome::Residual { category, .. } => Some(category as usize),
            Outcome::Label { .. } => None,
        };
        let slots = self
            .keys
            .iter()
            .flat_map(|(key, _)| key.slots())
            .chain(conditions)
            .chain(category);
        let kinds = 1 + usize::from(self.cap.is_some());
        (
            slots.collect(),
            kinds * (1 + usize::from(self.split.is_some())),
        )
    }
}
