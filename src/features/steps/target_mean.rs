//! `target_mean`: the mean outcome of the training rows that have the row's value, drawn towards the mean of all.
//!
//! For a value with n rows: (Σ label + weight · prior) / (n + weight), the prior being the mean of all training rows; a value
//! never seen has the prior. Rows without a value are rows of one value more.
//!
//! Shrinkage as in Micci-Barreca, "A preprocessing scheme for high-cardinality categorical attributes", 2001. A training row
//! is encoded out of fold: by the rows of the other folds alone. Leaving only the row itself out would tell
//! its outcome to a model, since within a value the encoding would be lower for exactly the positive rows; a fold of many
//! rows hides the row's own.

use serde::{Deserialize, Serialize};

use crate::features::frame::Frame;
use crate::features::group::{Key, KeySpec, Tallies};
use crate::features::scope::{Scope, SlotKind, StepFault};
use crate::features::step::{FitStep, Step, Training};

/// Folds of the training rows' own encoding.
const FOLDS: usize = 5;

/// As typed. The output is a number that is never missing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetMeanSpec {
    of: String,
    /// So many rows of the prior are added to each value's own.
    #[serde(default = "twenty")]
    weight: f64,
    r#as: String,
}

fn twenty() -> f64 {
    20.0
}

/// Fitted: the outcomes by value, and what the mean is drawn towards.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct TargetMean {
    of: Key,
    outcomes: Tallies,
    /// Mean outcome of all training rows.
    prior: f64,
    weight: f64,
    /// For the rows it was fitted on alone: the outcomes of the rows of all other folds.
    #[serde(skip)]
    others: Vec<Tallies>,
}

/// The fold of a training row: by its place alone, mixed, so that rows in some order are spread.
fn fold(place: usize) -> usize {
    let mut mixed = (place as u64).wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9); // SplitMix64
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((mixed ^ (mixed >> 31)) % FOLDS as u64) as usize
}

/// The key of rows without a value: no text and no level has it.
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

    fn fit(&self, scope: &mut Scope, training: &mut Training<'_>) -> Result<TargetMean, StepFault> {
        if !self.weight.is_finite() || self.weight <= 0.0 {
            return Err(StepFault::new(
                "the weight is not positive",
                "it counts as so many rows of the mean of all; 20 is usual",
            ));
        }
        let slot = scope.counted(&self.of)?;
        let of = Key::resolve(&KeySpec::over(std::slice::from_ref(&self.of)), scope)?;
        let (mut outcomes, mut others) = (Tallies::default(), vec![Tallies::default(); FOLDS]);
        let (mut place, mut positives) = (0, 0.0);
        training.each(|frame, label| {
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
