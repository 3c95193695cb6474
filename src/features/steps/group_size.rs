//! `group_size`: number of other training rows that share the row's key, plus one for the row itself.

use serde::{Deserialize, Serialize};

use crate::features::frame::Frame;
use crate::features::group::{Key, KeySpec, Tallies};
use crate::features::scope::{Scope, SlotKind, StepError};
use crate::features::step::Step;
use crate::features::training::{FitStep, Training};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSizeSpec {
    key: KeySpec,
    r#as: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupSize {
    key: Key,
    tallies: Tallies,
}

impl FitStep for GroupSizeSpec {
    type Fitted = GroupSize;

    fn fit(&self, scope: &mut Scope, training: &mut Training<'_>) -> Result<GroupSize, StepError> {
        let key = Key::resolve(&self.key, scope)?;
        let mut tallies = Tallies::default();
        let inputs: Vec<usize> = key.slots().collect();
        training.each(&inputs, |frame, _| {
            if key.write(frame) {
                tallies.add(frame.key, 1.0);
            }
        });
        scope.add(&self.r#as, SlotKind::Number, false, &inputs);
        Ok(GroupSize { key, tallies })
    }
}

impl GroupSize {
    /// The other rows plus the row itself: the same count whether or not the row is a training row.
    fn push(&self, frame: &mut Frame<'_>, own: u32) {
        let known = if self.key.write(frame) {
            self.tallies.get(frame.key).rows.saturating_sub(own)
        } else {
            0
        };
        frame.push_number(f64::from(known) + 1.0);
    }
}

impl Step for GroupSize {
    fn apply(&self, frame: &mut Frame<'_>) {
        self.push(frame, 0);
    }

    fn apply_to_training_row(&self, frame: &mut Frame<'_>, _: usize, _: bool) {
        self.push(frame, 1);
    }

    fn reach(&self) -> (Vec<usize>, usize) {
        (self.key.slots().collect(), 1)
    }
}
