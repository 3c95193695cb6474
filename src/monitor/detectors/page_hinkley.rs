//! Page–Hinkley: sums of what goes beyond the mean, told once one is far from its lowest (or highest) point.
//!
//! Page, "Continuous inspection schemes" (Biometrika 41, 1954), as River 0.26.1 runs it, with forgetting: for each number x
//! with the mean m of all so far, itself included,
//!
//! ```text
//! up ← α·up + x − m − δ,   down ← α·down + x − m + δ
//! ```
//!
//! and there is a change where up − min(up) > threshold, or max(down) − down > threshold, from `min_instances` numbers on. A
//! change once told, the next number begins anew. Before and after are parted where the numbers most likely changed.
//!
//! The threshold is in the numbers' own unit: on 0/1 errors the default of 50 means some fifty wrong answers more than usual.
//! A steady stream wanders, too, and the more the nearer its errors are to one half (docs/metrics.md has the rates).

use serde::{Deserialize, Serialize};

use super::buckets::Buckets;
use super::detect::{Change, Detect};
use super::parameter::{Allowed, Parameter};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    /// Numbers before the first look.
    pub min_instances: u32,
    /// By how much a number may go beyond the mean unnoticed, ≥ 0.
    pub delta: f64,
    /// Sum beyond which there is a change, ≥ 0, in the numbers' unit.
    pub threshold: f64,
    /// What a sum keeps from number to number, in [0, 1].
    pub alpha: f64,
    /// Which changes are told.
    pub mode: Mode,
}

/// Which changes are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Up,
    Down,
    Both,
}

impl Default for Parameters {
    fn default() -> Parameters {
        Parameters {
            min_instances: 30,
            delta: 0.005,
            threshold: 50.0,
            alpha: 1.0 - 0.0001,
            mode: Mode::Both,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageHinkley {
    parameters: Parameters,
    mean: f64,
    up: f64,
    down: f64,
    /// Lowest point of the rising sum; none before the first number.
    lowest: Option<f64>,
    /// Highest point of the falling one.
    highest: f64,
    /// The numbers themselves, to say what changed.
    numbers: Buckets,
}

/// Where River starts the highest point of the falling sum.
const HIGHEST_AT_FIRST: f64 = -1.0;

/// Buckets of a size: the place of a change is known to a tenth of the numbers since.
const BUCKETS: usize = 5;

impl Detect for PageHinkley {
    type Parameters = Parameters;
    const NAME: &'static str = "page-hinkley";
    const KEY: &'static str = "page_hinkley";
    const TITLE: &'static str = "Page–Hinkley";
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            name: "min_instances",
            doc: "Numbers before the first look.",
            allowed: Allowed::Whole(0, 1_000_000),
        },
        Parameter {
            name: "delta",
            doc: "By how much a number may go beyond the mean unnoticed.",
            allowed: Allowed::Number(0.0, f64::MAX),
        },
        Parameter {
            name: "threshold",
            doc: "Sum beyond which there is a change, in the numbers' unit.",
            allowed: Allowed::Number(0.0, f64::MAX),
        },
        Parameter {
            name: "alpha",
            doc: "What a sum keeps from number to number.",
            allowed: Allowed::Number(0.0, 1.0),
        },
        Parameter {
            name: "mode",
            doc: "Which changes are told.",
            allowed: Allowed::Word(&["up", "down", "both"]),
        },
    ];

    fn new(parameters: Parameters) -> PageHinkley {
        PageHinkley {
            parameters,
            mean: 0.0,
            up: 0.0,
            down: 0.0,
            lowest: None,
            highest: HIGHEST_AT_FIRST,
            numbers: Buckets::default(),
        }
    }

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn update(&mut self, value: f64) -> Option<Change> {
        let Parameters {
            min_instances,
            delta,
            threshold,
            alpha,
            mode,
        } = self.parameters;
        self.numbers.push(value, BUCKETS);
        let seen = self.numbers.count();
        self.mean += 1.0 / seen as f64 * (value - self.mean);
        let off = value - self.mean;
        self.up = alpha * self.up + off - delta;
        self.down = alpha * self.down + off + delta;
        let lowest = self.lowest.map_or(self.up, |lowest| lowest.min(self.up));
        self.lowest = Some(lowest);
        self.highest = self.highest.max(self.down);
        if seen < u64::from(min_instances) {
            return None;
        }
        let rise = mode != Mode::Down && self.up - lowest > threshold;
        let fall = mode != Mode::Up && self.highest - self.down > threshold;
        if !rise && !fall {
            return None;
        }
        let direction = if rise { 1.0 } else { -1.0 };
        let before = std::mem::replace(self, PageHinkley::new(self.parameters));
        before.numbers.parted(Some(direction))
    }
}
