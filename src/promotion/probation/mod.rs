//! Probation after a promotion: whether the new champion performs live as expected, or is rolled back. A plain
//! state, to be stored and taken up again; what it says holds at every look.
//!
//! What was expected is a mean with a standard error, from the gate or from cross-validation. The champion is held against
//! the worst that is still in keeping with it, mean + 1.64 standard errors, and a slack on top: a roll-back has its price
//! too. Log losses are capped at 4.6, as if no probability was below 0.01. That can only lower them, so that a model as good
//! as expected is treated no worse for it, and no single row can bring a model down.

mod expected;
mod figures;

use serde::{Deserialize, Serialize};

use crate::stats::moments::Moments;
use crate::stats::resampled::Estimate;
use crate::stats::scores::log_loss;
use crate::stats::sequence::Sequence;

pub use expected::Expected;
pub use figures::{Figure, Figures};

/// Most a row's log loss counts: −ln 0.01.
const MOST: f64 = 4.605170185988091;

/// Standard errors by which an expectation may be off: the normal quantile at 95 %.
const ERRORS: f64 = 1.6448536269514722;

/// How long probation lasts, and what is forgiven.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Labels it lasts for.
    pub window: u64,
    /// Chance, over all looks together, of rolling back a champion that is no worse than expected with slack, in (0, 1).
    pub level: f64,
    /// Log loss that is forgiven beyond what is expected, ≥ 0.
    pub log_loss: f64,
    /// Share of wrong decisions that is forgiven beyond what is expected, ≥ 0.
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

/// What becomes of the champion.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// The window is not over.
    GoOn,
    /// It is, and nothing is wrong.
    Passed,
    /// The champion is worse than expected.
    RollBack {
        /// Which figure by how much, in a sentence.
        why: String,
        figures: Figures,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probation {
    options: Options,
    expected: Expected,
    /// From which probability on the champion says yes.
    threshold: f64,
    losses: Sequence,
    /// 1 where it decided wrongly.
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

    /// Takes in one answer of the new champion whose label has come.
    pub fn update(&mut self, probability: f64, positive: bool) -> Verdict {
        let loss = log_loss(probability, positive);
        self.plain.update(loss);
        self.losses.update(loss);
        let wrong = (probability >= self.threshold) != positive;
        self.errors.update(f64::from(u8::from(wrong)));
        self.verdict()
    }

    /// What the labels so far say.
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

    /// Probation as it stands.
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

    /// Two figures are watched: each gets half.
    fn level(&self) -> f64 {
        self.options.level / 2.0
    }

    /// The most log loss, and the most error, that is in keeping with what was expected.
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
