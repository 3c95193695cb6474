//! `boosted`: shallow gradient-boosted trees, for signals that are nearly additive and for tables of few rows.

use crate::kernel::Kernel;
use crate::train::learner::{FitError, Learner, Sample};
use crate::train::progress::Progress;
use crate::train::trees::boost::{Setting, Stopping, Then, boost};
use crate::train::trees::grow::Rules;

/// Rows below which rows set apart say little of the best number of trees: here it is fixed.
pub(super) const FEW: usize = 2_000;

#[derive(Debug)]
pub struct Boosted;

impl Learner for Boosted {
    fn name(&self) -> &'static str {
        "boosted"
    }

    fn about(&self) -> &'static str {
        "gradient-boosted trees of depth 2"
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
    let stopping = Stopping {
        parts: 7,
        then: if rows <= 20_000 {
            Then::Again
        } else {
            Then::Keep
        },
        patience: 50,
        otherwise: 250,
    };
    Setting {
        rounds: if rows < FEW { 250 } else { 1000 },
        rate: if rows < FEW { 0.05 } else { 0.1 },
        rules: Rules {
            leaves: 4,
            depth: 2,
            rows: 10,
            curvature: 0.0,
            lambda: 1.0,
        },
        rows: 1.0,
        features: 1.0,
        stopping: (rows >= FEW).then_some(stopping),
    }
}

/// Boosts and lowers.
pub(super) fn fit(
    sample: &Sample<'_>,
    setting: &Setting,
    progress: &dyn Progress,
) -> Result<Kernel, FitError> {
    let kernel = boost(sample, setting, progress)?.lower(sample.width);
    kernel.map_err(|error| FitError::Failed(error.to_string()))
}
