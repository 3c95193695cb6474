//! `log1p`: sign(x) · ln(1 + |x|), which equals ln(1 + x) for x ≥ 0 and is also defined for negative numbers.

use serde::{Deserialize, Serialize};

use crate::features::frame::Frame;
use crate::features::scope::{Scope, SlotKind, StepError};
use crate::features::step::Step;
use crate::features::training::{FitStep, Training};
use crate::schema::Cell;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log1pSpec {
    of: String,
    r#as: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Log1p {
    of: u32,
}

impl FitStep for Log1pSpec {
    type Fitted = Log1p;

    fn fit(&self, scope: &mut Scope, _: &mut Training<'_>) -> Result<Log1p, StepError> {
        let of = scope.number(&self.of)?;
        let slot = scope.add(&self.r#as, SlotKind::Number, scope.slot(of).optional, &[of]);
        scope.rises_with(slot, &[of], &[]);
        Ok(Log1p { of: of as u32 })
    }
}

impl Step for Log1p {
    fn apply(&self, frame: &mut Frame<'_>) {
        let log = |v: f64| v.abs().ln_1p().copysign(v);
        let cell = frame
            .cell(self.of as usize)
            .as_number()
            .map_or(Cell::Missing, |v| Cell::number(log(v)));
        frame.push(cell);
    }

    fn reach(&self) -> (Vec<usize>, usize) {
        (vec![self.of as usize], 1)
    }
}
