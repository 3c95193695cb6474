//! `one_hot`: one number per level, 1 for the row's own level; all are 0 if the category is missing or unknown.

use serde::{Deserialize, Serialize};

use crate::features::frame::Frame;
use crate::features::scope::{Scope, SlotKind, StepError};
use crate::features::step::Step;
use crate::features::training::{FitStep, Training};

/// `one_hot` as written in the spec; outputs are named `category=level`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneHotSpec {
    of: Vec<String>,
}

/// The fitted step: slot and number of levels of each category.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OneHot {
    of: Vec<(u32, u32)>,
}

impl FitStep for OneHotSpec {
    type Fitted = OneHot;

    fn fit(&self, scope: &mut Scope, _: &mut Training<'_>) -> Result<OneHot, StepError> {
        let mut of = Vec::new();
        for name in &self.of {
            let (slot, levels) = scope.category(name)?;
            let levels = levels.to_vec();
            of.push((slot as u32, levels.len() as u32));
            for level in levels {
                scope.add(format!("{name}={level}"), SlotKind::Number, false, &[slot]);
            }
        }
        Ok(OneHot { of })
    }
}

impl Step for OneHot {
    fn apply(&self, frame: &mut Frame<'_>) {
        for (slot, levels) in &self.of {
            let own = frame.cell(*slot as usize).as_level();
            (0..*levels).for_each(|level| frame.push_flag(own == Some(level)));
        }
    }

    fn reach(&self) -> (Vec<usize>, usize) {
        let outputs = self.of.iter().map(|(_, levels)| *levels as usize).sum();
        (
            self.of.iter().map(|(slot, _)| *slot as usize).collect(),
            outputs,
        )
    }
}
