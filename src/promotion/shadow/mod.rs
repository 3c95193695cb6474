//! A shadow: a candidate that scores live traffic beside the champion, compared as labels arrive. A plain state, to be
//! stored and taken up again; what it says holds at every look, so it may be asked after every label.
//!
//! Compared are **held log losses**: probabilities held within [0.01, 0.99], so that one row's loss is 4.6 at most. A bound
//! for every look needs a bound on every row, and the clip of plain log loss (36) would take several times as many labels;
//! 99 % is as sure as any decision needs, and the held score still rewards honesty everywhere between. Plain mean log
//! losses are reported beside it. The bounds are those of [`Sequence`].

mod live;

use std::num::NonZeroUsize;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use live::{Live, LiveFigures};

use crate::promotion::gate::{Floor, Paired, Thresholds};
use crate::stats::difference::Difference;
use crate::stats::scores::log_loss;
use crate::stats::sequence::{Bounded, Sequence};

/// Probabilities are held this far from 0 and 1.
const HELD: f64 = 0.01;

/// How much has to be shown, and by when.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Chance, over all looks together, of promoting a candidate that is no better; also of dropping one that is as much
    /// better as is worth a swap, before the horizon. In (0, 1).
    pub level: f64,
    /// Gain in held log loss that is worth a swap, ≥ 0: a candidate shown to be less than that much better is dropped.
    pub worth: f64,
    /// Labels after which a candidate that proved nothing is dropped.
    pub horizon: u64,
    /// Predictions that may wait for the candidate to score them.
    pub queue: NonZeroUsize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            level: 0.05,
            worth: 0.02,
            horizon: 10_000,
            queue: const { NonZeroUsize::new(4096).unwrap() },
        }
    }
}

/// What becomes of the candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ShadowVerdict", inline)]
pub enum Verdict {
    /// Nothing is shown yet.
    GoOn,
    /// It is better, also than always answering the base rate, and its decisions are not shown to be worse.
    Promote,
    /// It is not better by what is worth a swap, or than the base rate, or decides worse, or its time is over.
    Drop,
}

/// A comparison under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shadow {
    options: Options,
    thresholds: Thresholds,
    /// Held log loss of the champion − that of the candidate.
    gain: Sequence,
    /// Rows: 1 where only the candidate decided rightly, −1 where only the champion did.
    decisions: Sequence,
    plain: Difference,
    /// Rows whose outcome was positive; of a comparison that an earlier release began, none is known.
    #[serde(default)]
    positives: Option<u64>,
}

/// The comparison as it stands: for answers, the page and the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ShadowComparison")]
pub struct Figures {
    /// What becomes of the candidate.
    pub verdict: Verdict,
    pub rows: u64,
    /// Labels after which it is dropped.
    pub horizon: u64,
    /// Of all bounds, each.
    pub level: f64,
    /// Mean log loss of the champion, plain; null without labels.
    pub champion: Option<f64>,
    /// That of the candidate.
    pub candidate: Option<f64>,
    /// Gain in held log loss.
    pub gain: Bounded,
    pub accuracy_gain: Bounded,
    /// The log loss of always answering the base rate of these rows, held against the candidate's.
    pub floors: Vec<Floor>,
}

impl Shadow {
    pub fn new(thresholds: Thresholds, options: Options) -> Shadow {
        let most = held(0.0, true) - held(1.0, true);
        Shadow {
            options,
            thresholds,
            gain: Sequence::over(-most, most),
            decisions: Sequence::over(-1.0, 1.0),
            plain: Difference::default(),
            positives: Some(0),
        }
    }

    /// From probabilities to decisions.
    pub fn thresholds(&self) -> Thresholds {
        self.thresholds
    }

    /// Takes in one row whose label has come; each row once, whichever label comes first.
    pub fn update(&mut self, row: &Paired) -> Verdict {
        let Paired {
            positive,
            champion,
            candidate,
        } = *row;
        self.plain.update(positive, champion, candidate);
        self.positives = self.positives.map(|rows| rows + u64::from(positive));
        self.gain
            .update(held(champion, positive) - held(candidate, positive));
        let (first, second) = row.right(self.thresholds);
        self.decisions
            .update(f64::from(u8::from(second)) - f64::from(u8::from(first)));
        self.verdict()
    }

    /// What the labels so far say.
    pub fn verdict(&self) -> Verdict {
        let Options {
            level,
            worth,
            horizon,
            ..
        } = self.options;
        if self.decisions.is_below(0.0, level) {
            Verdict::Drop
        } else if self.gain.is_above(0.0, level) {
            match self.is_no_better_than_base_rate() {
                true => Verdict::Drop,
                false => Verdict::Promote,
            }
        } else if self.gain.is_below(worth, level) || self.gain.rows() >= horizon {
            Verdict::Drop
        } else {
            Verdict::GoOn
        }
    }

    /// The base rate's log loss on the rows so far, held against the candidate's; none where it is not known.
    fn floor(&self) -> Option<Floor> {
        let (_, candidate) = self.plain.losses().unzip();
        Some(Floor::base_rate(
            self.positives?,
            self.plain.rows(),
            candidate,
        ))
    }

    fn is_no_better_than_base_rate(&self) -> bool {
        self.floor().is_some_and(|floor| !floor.holds)
    }

    /// Why, in a sentence with figures: for the ledger and the log.
    pub fn reason(&self) -> String {
        let Options { level, worth, .. } = self.options;
        let what = match self.verdict() {
            Verdict::GoOn => "nothing is shown yet",
            Verdict::Promote => "better on live traffic, at every look",
            Verdict::Drop if self.decisions.is_below(0.0, level) => "its decisions are worse",
            Verdict::Drop if self.gain.is_above(0.0, level) => {
                "better than the champion, but no better than always answering the base rate"
            }
            Verdict::Drop if self.gain.is_below(worth, level) => {
                "not better by what is worth a swap"
            }
            Verdict::Drop => "its time is over, and nothing is shown",
        };
        let Bounded { mean, low, high } = self.gain.bounded(level);
        format!(
            "{what}: gain in log loss {:.4}, between {low:.4} and {high:.4}, over {} labels",
            mean.unwrap_or(0.0),
            self.gain.rows()
        )
    }

    /// The comparison as it stands.
    pub fn figures(&self) -> Figures {
        let Options { level, horizon, .. } = self.options;
        let (champion, candidate) = self.plain.losses().unzip();
        Figures {
            verdict: self.verdict(),
            rows: self.gain.rows(),
            horizon,
            level,
            champion,
            candidate,
            gain: self.gain.bounded(level),
            accuracy_gain: self.decisions.bounded(level),
            floors: self.floor().into_iter().collect(),
        }
    }
}

/// Log loss of a probability held within [0.01, 0.99].
fn held(probability: f64, positive: bool) -> f64 {
    log_loss(probability.clamp(HELD, 1.0 - HELD), positive)
}

#[cfg(test)]
mod tests;
