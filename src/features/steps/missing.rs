//! `missing`: 1 if the value is missing, else 0.

use serde::{Deserialize, Serialize};

use crate::features::frame::Frame;
use crate::features::scope::{Scope, SlotKind, StepError};
use crate::features::step::Step;
use crate::features::training::{FitStep, Training};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissingSpec {
    of: String,
    r#as: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Missing {
    of: u32,
}

impl FitStep for MissingSpec {
    type Fitted = Missing;

    fn fit(&self, scope: &mut Scope, _: &mut Training<'_>) -> Result<Missing, StepError> {
        let of = scope.find(&self.of)?;
        let slot = scope.add(&self.r#as, SlotKind::Number, false, &[of]);
        scope.stays_with(slot, of);
        Ok(Missing { of: of as u32 })
    }
}

impl Step for Missing {
    fn apply(&self, frame: &mut Frame<'_>) {
        frame.push_flag(frame.cell(self.of as usize).is_missing());
    }

    fn reach(&self) -> (Vec<usize>, usize) {
        (vec![self.of as usize], 1)
    }
}
