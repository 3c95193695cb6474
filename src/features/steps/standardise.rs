//! `standardise`: (x − mean) / standard deviation over the training rows; a constant column is only centred.

use serde::{Deserialize, Serialize};

use crate::features::frame::Frame;
use crate::features::scope::{Scope, SlotKind, StepError};
use crate::features::step::Step;
use crate::features::training::{FitStep, Training};
use crate::schema::Cell;
use crate::stats::moments::Moments;

/// `standardise` as written in the spec; each output takes the name of its input and hides it. `prefix*` names several.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StandardiseSpec {
    of: Vec<String>,
}

/// The fitted step: slot, mean and standard deviation of each column.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Standardise {
    of: Vec<(u32, f64, f64)>,
}

impl FitStep for StandardiseSpec {
    type Fitted = Standardise;

    fn fit(
        &self,
        scope: &mut Scope,
        training: &mut Training<'_>,
    ) -> Result<Standardise, StepError> {
        let mut slots = Vec::new();
        for pattern in &self.of {
            slots.extend(scope.matching(pattern)?);
        }
        for slot in &slots {
            let info = scope.slot(*slot).clone();
            scope.number(&info.name)?;
            let output = scope.add(info.name, SlotKind::Number, info.optional, &[*slot]);
            scope.rises_with(output, &[*slot], &[]);
        }
        let mut moments = vec![Moments::default(); slots.len()];
        training.each(&slots, |frame, _| {
            for (slot, moments) in slots.iter().zip(&mut moments) {
                if let Some(value) = frame.cell(*slot).as_number() {
                    moments.update(value);
                }
            }
        });
        let of = slots.iter().zip(&moments).map(|(slot, moments)| {
            let (mean, scale) = mean_and_scale(moments);
            (*slot as u32, mean, scale)
        });
        Ok(Standardise { of: of.collect() })
    }
}

/// Mean and population standard deviation, which is 1 if it would otherwise be zero or not finite.
fn mean_and_scale(moments: &Moments) -> (f64, f64) {
    let usable = |v: Option<f64>| v.filter(|v| v.is_finite());
    let scale = usable(moments.population_sd()).filter(|sd| *sd > 0.0);
    (usable(moments.mean()).unwrap_or(0.0), scale.unwrap_or(1.0))
}

impl Step for Standardise {
    fn apply(&self, frame: &mut Frame<'_>) {
        for (slot, mean, scale) in &self.of {
            let value = frame.cell(*slot as usize).as_number();
            frame.push(value.map_or(Cell::Missing, |v| Cell::number((v - mean) / scale)));
        }
    }

    fn reach(&self) -> (Vec<usize>, usize) {
        (
            self.of.iter().map(|(slot, ..)| *slot as usize).collect(),
            self.of.len(),
        )
    }
}
