//! Page–Hinkley: cumulative sums of deviations from the mean; a change is reported when a sum is far above its minimum or
//! far below its maximum.
//!
//! Page, "Continuous inspection schemes" (Biometrika 41, 1954), as implemented in River 0.26.1, with forgetting. For each
//! number x, with m the mean of all numbers so far including x,
//!
//! ```text
//! up ← α·up + x − m − δ,   down ← α·down + x − m + δ
//! ```
//!
//! and a change is reported if up − min(up) > threshold or max(down) − down > threshold, once `min_instances` numbers were
//! seen. After a change the detector starts anew. The change is located where the numbers most likely changed.
//!
//! The threshold is in the unit of the numbers: on 0/1 errors, the default of 50 means about fifty more wrong predictions
//! than usual. A stable stream fluctuates too, the more so the nearer its error rate is to one half (docs/metrics.md lists
//! the false alarm rates).

use serde::{Deserialize, Serialize};

use super::buckets::Buckets;
use super::detect::{Change, Detect};
use super::parameter::{Allowed, Parameter};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    /// Numbers before the first test.
    pub min_instances: u32,
    /// Deviation from the mean that is tolerated, ≥ 0.
    pub delta: f64,
    /// Sum beyond which a change is reported, ≥ 0, in the unit of the numbers.
    pub threshold: f64,
    /// Share of a sum that is carried over to the next number, in [0, 1].
    pub alpha: f64,
    /// Direction of the changes that are reported.
    pub mode: Mode,
}

/// Direction of the changes that are reported.
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
    /// Minimum of the sum `up`; `None` before the first number.
    lowest: Option<f64>,
    /// Maximum of the sum `down`.
    highest: f64,
    /// The numbers themselves, from which a change is located.
    numbers: Buckets,
}

/// Initial value of `highest`, as in River.
const HIGHEST_AT_FIRST: f64 = -1.0;

/// Maximum buckets per size, which locates a change to within a tenth of the numbers since.
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
