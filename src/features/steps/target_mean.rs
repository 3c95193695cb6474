//! `target_mean`: the mean outcome of the training rows with the same value, shrunk towards the mean of all rows.
//!
//! For a value with n rows: (Σ label + weight · prior) / (n + weight), where the prior is the mean of all training rows; an
//! unseen value gets the prior. Rows without a value are treated as having one more value in common.
//!
//! Shrinkage as in Micci-Barreca, "A preprocessing scheme for high-cardinality categorical attributes", 2001. A training row
//! is encoded out of fold, from the rows of the other folds only. Excluding just the row itself would leak its outcome to
//! the model, since within a value the encoding would be lower for exactly the positive rows; excluding a fold of many rows
//! hides the row's own outcome.

use serde::{Deserialize, Serialize};

use crate::features::frame::Frame;
use crate::features::group::{Key, KeySpec, Tallies};
use crate::features::scope::{Scope, SlotKind, StepError};
use crate::features::step::Step;
use crate::features::training::{FitStep, Training};

/// Number of folds for encoding the training rows.
const FOLDS: usize = 5;

/// `target_mean` as written in the spec. The output is a number that is never missing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetMeanSpec {
    of: String,
    /// Weight of the prior, in rows added to each value's own.
    #[serde(default = "twenty")]
    weight: f64,
    r#as: String,
}

fn twenty() -> f64 {
    20.0
}

/// The fitted step: the outcomes by value, and the prior.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TargetMean {
    of: Key,
    outcomes: Tallies,
    /// Mean outcome of all training rows.
    prior: f64,
    weight: f64,
    /// Used for the training rows only: for each fold, the outcomes of the rows of all other folds.
    #[serde(skip)]
    others: Vec<Tallies>,
}

/// The fold of a training row: a hash of its place alone, so that sorted rows are spread over the folds.
fn fold(place: usize) -> usize {
    let mut mixed = (place as u64).wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9); // SplitMix64
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ (mixed >> 31)) % FOLDS as u64) as usize
}

/// The key of rows without a value, which differs from that of any text or level.
const NOTHING: &[u8] = &[0xff, 0xff];

impl TargetMean {
    fn push(&self, outcomes: &Tallies, frame: &mut Frame<'_>) {
        let tally = outcomes.get(write(&self.of, frame));
        let mean = (tally.sum + self.weight * self.prior) / (f64::from(tally.rows) + self.weight);
        frame.push_number(mean);
    }
}

fn write<'f>(of: &Key, frame: &'f mut Frame<'_>) -> &'f [u8] {
    match of.write(frame) {
        true => frame.key,
        false => NOTHING,
    }
}

impl FitStep for TargetMeanSpec {
    type Fitted = TargetMean;

    fn fit(&self, scope: &mut Scope, training: &mut Training<'_>) -> Result<TargetMean, StepError> {
        if !self.weight.is_finite() || self.weight <= 0.0 {
            return Err(StepError::new(
                "the weight is not positive",
                "it counts as so many rows of the mean of all; 20 is usual",
            ));
        }
        let slot = scope.counted(&self.of)?;
        let of = Key::resolve(&KeySpec::over(std::slice::from_ref(&self.of)), scope)?;
        let (mut outcomes, mut others) = (Tallies::default(), vec![Tallies::default(); FOLDS]);
        let (mut place, mut positives) = (0, 0.0);
        training.each(&[slot], |frame, label| {
            let outcome = f64::from(u8::from(label));
            let key = write(&of, frame);
            outcomes.add(key, outcome);
            let own = fold(place);
            for (_, tallies) in others.iter_mut().enumerate().filter(|(f, _)| *f != own) {
                tallies.add(key, outcome);
            }
            place += 1;
            positives += outcome;
        });
        scope.add(&self.r#as, SlotKind::Number, false, &[slot]);
        Ok(TargetMean {
            of,
            outcomes,
            prior: positives / (place as f64).max(1.0),
            weight: self.weight,
            others,
        })
    }
}

impl Step for TargetMean {
    fn apply(&self, frame: &mut Frame<'_>) {
        self.push(&self.outcomes, frame);
    }

    fn apply_to_training_row(&self, frame: &mut Frame<'_>, place: usize, _: bool) {
        self.push(&self.others[fold(place)], frame);
    }

    fn reach(&self) -> (Vec<usize>, usize) {
        (self.of.slots().collect(), 1)
    }

    fn fitted(&mut self) {
        self.others = Vec::new();
    }
}
