//! Expected performance of a new champion.

use serde::{Deserialize, Serialize};

use crate::model::card;
use crate::stats::figures;
use crate::stats::metric::Metric;
use crate::stats::resampled::Estimate;

/// Expected performance of a new champion.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    pub log_loss: Estimate,
    /// Expected share of wrong decisions.
    pub error: Estimate,
}

impl Expected {
    /// The expectation from a card's cross-validation; `None` without a log loss or an accuracy.
    pub fn cross_validated(cv: &card::Figures) -> Option<Expected> {
        Expected::by(|metric| cv.get(metric))
    }

    /// The expectation from metrics on labelled rows, such as the candidate's in the gate; `None` without rows.
    pub fn measured(figures: &figures::Figures) -> Option<Expected> {
        Expected::by(|metric| {
            let se = metric.standard_error(figures);
            metric.value(figures).map(|mean| Estimate { mean, se })
        })
    }

    fn by(estimate: impl Fn(&'static Metric) -> Option<Estimate>) -> Option<Expected> {
        let accuracy = estimate(Metric::named("accuracy")?)?;
        Some(Expected {
            log_loss: estimate(Metric::named("log_loss")?)?,
            error: Estimate {
                mean: 1.0 - accuracy.mean,
                se: accuracy.se,
            },
        })
    }
}
