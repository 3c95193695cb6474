//! Probation after a promotion: decides whether the new champion performs live as expected, or is rolled back. The state can
//! be persisted, and its verdict is valid at every look.
//!
//! The expectation is a mean with a standard error, from the gate or from cross-validation. The champion is compared with
//! the worst value that is consistent with it, mean + 1.64 standard errors, plus a slack, because a rollback has a cost too.
//! Log losses are capped at 4.6, as if no probability were below 0.01. The cap can only lower them, so it does no harm to a
//! model that is as good as expected, and no single row can cause a rollback.

mod expected;
mod figures;

use serde::{Deserialize, Serialize};

use crate::stats::moments::Moments;
use crate::stats::resampled::Estimate;
use crate::stats::scores::log_loss;
use crate::stats::sequence::Sequence;

pub use expected::Expected;
pub use figures::{Figure, Figures};

/// Maximum log loss of one row: −ln 0.01.
const MOST: f64 = 4.605170185988091;

/// Standard errors of tolerance for the expectation: the normal quantile at 95 %.
const ERRORS: f64 = 1.6448536269514722;

/// Length and tolerances of the probation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Number of labels after which the probation ends.
    pub window: u64,
    /// Probability, over all looks together, of rolling back a champion that is no worse than expected plus slack, in (0, 1).
    pub level: f64,
    /// Tolerated excess of the log loss over the expectation, ≥ 0.
    pub log_loss: f64,
    /// Tolerated excess of the share of wrong decisions over the expectation, ≥ 0.
    pub error: f64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            window: 1000,
            level: 0.05,
            log_loss: 0.01,
            error: 0.005,
        }
    }
}

/// The decision on the champion.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    GoOn,
    /// The probation ended without a finding.
    Passed,
    /// The champion is worse than expected.
    RollBack {
        /// A sentence that says which metric is too high and by how much.
        why: String,
        figures: Figures,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probation {
    options: Options,
    expected: Expected,
    /// Probability from which on the champion's prediction is positive.
    threshold: f64,
    losses: Sequence,
    /// 1 for a wrong decision, 0 for a correct one.
    errors: Sequence,
    plain: Moments,
}

impl Probation {
    pub fn new(threshold: f64, expected: Expected, options: Options) -> Probation {
        Probation {
            options,
            expected,
            threshold,
            losses: Sequence::over(0.0, MOST),
            errors: Sequence::over(0.0, 1.0),
            plain: Moments::default(),
        }
    }

    /// Adds a labelled prediction of the new champion.
    pub fn update(&mut self, probability: f64, positive: bool) -> Verdict {
        let loss = log_loss(probability, positive);
        self.plain.update(loss);
        self.losses.update(loss);
        let wrong = (probability >= self.threshold) != positive;
        self.errors.update(f64::from(u8::from(wrong)));
        self.verdict()
    }

    /// The verdict from the labels so far.
    pub fn verdict(&self) -> Verdict {
        let [losses, errors] = self.allowed();
        let level = self.level();
        if self.losses.is_above(losses, level) || self.errors.is_above(errors, level) {
            let figures = self.figures();
            Verdict::RollBack {
                why: figures.why(),
                figures,
            }
        } else if self.losses.rows() >= self.options.window {
            Verdict::Passed
        } else {
            Verdict::GoOn
        }
    }

    pub fn figures(&self) -> Figures {
        let figure = |expected, allowed, values: &Sequence| {
            let bounded = values.bounded(self.level());
            Figure {
                expected,
                allowed,
                mean: bounded.mean,
                low: bounded.low,
            }
        };
        let [losses, errors] = self.allowed();
        Figures {
            rows: self.losses.rows(),
            window: self.options.window,
            plain_log_loss: self.plain.mean(),
            log_loss: figure(self.expected.log_loss, losses, &self.losses),
            error: figure(self.expected.error, errors, &self.errors),
        }
    }

    /// Each of the two metrics gets half of the level.
    fn level(&self) -> f64 {
        self.options.level / 2.0
    }

    /// Maximum log loss and maximum error that are consistent with the expectation.
    fn allowed(&self) -> [f64; 2] {
        let most = |e: Estimate, slack| e.mean + ERRORS * e.se.unwrap_or(0.0) + slack;
        [
            most(self.expected.log_loss, self.options.log_loss),
            most(self.expected.error, self.options.error),
        ]
    }
}

#[cfg(test)]
mod tests;
