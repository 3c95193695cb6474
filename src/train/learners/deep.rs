//! `deep`: gradient-boosted trees of many leaves, for strong signals with interactions.

use crate::kernel::Kernel;
use crate::train::learner::{FitError, Learner, Sample};
use crate::train::progress::Progress;
use crate::train::trees::boost::{Setting, Stopping, Then};
use crate::train::trees::grow::Rules;

use super::boosted::{FEW, fit};

/// Rows from which on more data than patience is assumed: larger steps.
const MANY: usize = 20_000;

#[derive(Debug)]
pub struct Deep;

impl Learner for Deep {
    fn name(&self) -> &'static str {
        "deep"
    }

    fn about(&self) -> &'static str {
        "gradient-boosted trees of up to 31 leaves, with early stopping"
    }

    fn least_rows(&self) -> usize {
        500
    }

    fn work(&self, rows: usize, table: usize, features: usize) -> u64 {
        setting(table).work(rows, features)
    }

    fn latency(&self, rows: usize, _: usize) -> u64 {
        setting(rows).latency()
    }

    fn fit(&self, sample: &Sample<'_>, progress: &dyn Progress) -> Result<Kernel, FitError> {
        fit(sample, &setting(sample.table), progress)
    }
}

fn setting(rows: usize) -> Setting {
    Setting {
        rounds: 1000,
        rate: if rows < MANY { 0.05 } else { 0.1 },
        rules: Rules {
            leaves: 31,
            depth: 10,
            rows: 10,
            curvature: 1e-3,
            lambda: 1.0,
        },
        rows: 0.8,
        features: 0.7,
        stopping: Some(Stopping {
            parts: if rows < FEW { 5 } else { 7 },
            then: match rows {
                0..FEW => Then::Average { turns: 3 },
                FEW..=MANY => Then::Again,
                _ => Then::Keep,
            },
            patience: 50,
            otherwise: 100,
        }),
    }
}
