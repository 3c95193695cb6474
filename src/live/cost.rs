//! What a model's answers cost, measured when it is loaded.

use std::time::{Duration, Instant};

use crate::model::{Model, Workspace};
use crate::schema::Row;
use crate::schema::row::Purpose;

/// How long a measurement repeats what it measures, at most.
const ROUND: Duration = Duration::from_millis(1);

/// What one row takes, in seconds of one core.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    pub probability: f64,
    pub explanation: f64,
}

impl Cost {
    /// Measures a model on a row without values: a millisecond each, or one round where that takes longer.
    pub fn of(model: &Model) -> Cost {
        let row = Row::new(model.schema(), Purpose::Predict);
        let mut work = Workspace::default();
        let probability = fastest(|| {
            std::hint::black_box(model.probability(row.view(), &mut work));
        });
        let explanation = fastest(|| {
            std::hint::black_box(model.explain(row.view(), &mut work));
        });
        Cost {
            probability,
            explanation,
        }
    }
}

/// Seconds of the fastest round: other work on the machine only adds to it.
fn fastest(mut round: impl FnMut()) -> f64 {
    let begun = Instant::now();
    let mut fastest = f64::INFINITY;
    while fastest.is_infinite() || begun.elapsed() < ROUND {
        let start = Instant::now();
        round();
        fastest = fastest.min(start.elapsed().as_secs_f64());
    }
    fastest
}
