//! The cost of a model's predictions, measured when the model is loaded.

use std::time::{Duration, Instant};

use crate::model::{Model, Workspace};
use crate::schema::Row;
use crate::schema::row::Purpose;

/// Maximum time of one measurement.
const ROUND: Duration = Duration::from_millis(1);

/// Time per row, in seconds of one core.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    pub probability: f64,
    pub explanation: f64,
}

impl Cost {
    /// Measures a model on a row without values, for a millisecond per quantity, or for one call if that takes longer.
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

/// Seconds of the fastest call: other load on the machine can only slow a call down.
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
