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
//! change once told, the next number begins anew. When the numbers began to change is taken to be where the sum last was at
//! its extreme, as Page does.
//!
//! The threshold is in the numbers' own unit. On 0/1 errors the default of 50 means some fifty wrong answers more than
//! usual: it is deaf to small changes and slow on large ones (README).

use serde::{Deserialize, Serialize};

use super::{Allowed, Change, Detect, Parameter, Part};

/// River's parameters.
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
    /// Rises.
    Up,
    /// Falls.
    Down,
    /// Both.
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

/// The detector.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageHinkley {
    parameters: Parameters,
    seen: u64,
    mean: f64,
    total: f64,
    up: f64,
    down: f64,
    lowest: Option<Extreme>,
    highest: Option<Extreme>,
    /// Whether the last number was a change.
    changed: bool,
}

/// Where a sum was at its extreme.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Extreme {
    sum: f64,
    /// Numbers up to there.
    seen: u64,
    /// Their total.
    total: f64,
}

/// Where River starts the highest point of the falling sum.
const HIGHEST_AT_FIRST: f64 = -1.0;

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
            seen: 0,
            mean: 0.0,
            total: 0.0,
            up: 0.0,
            down: 0.0,
            lowest: None,
            highest: None,
            changed: false,
        }
    }

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn update(&mut self, value: f64) -> Option<Change> {
        if self.changed {
            *self = PageHinkley::new(self.parameters);
        }
        let Parameters { delta, alpha, .. } = self.parameters;
        self.seen += 1;
        self.total += value;
        self.mean += 1.0 / self.seen as f64 * (value - self.mean);
        let off = value - self.mean;
        self.up = alpha * self.up + off - delta;
        self.down = alpha * self.down + off + delta;
        if self.lowest.is_none_or(|lowest| self.up < lowest.sum) {
            self.lowest = Some(self.here(self.up));
        }
        let highest = self.highest.map_or(HIGHEST_AT_FIRST, |e| e.sum);
        if self.down > highest {
            self.highest = Some(self.here(self.down));
        }
        let since = (self.seen >= u64::from(self.parameters.min_instances))
            .then(|| self.since())
            .flatten();
        self.changed = since.is_some();
        since.map(|extreme| Change {
            before: Part::of(extreme.seen, extreme.total),
            after: Part::of(self.seen - extreme.seen, self.total - extreme.total),
        })
    }
}

impl PageHinkley {
    fn here(&self, sum: f64) -> Extreme {
        Extreme {
            sum,
            seen: self.seen,
            total: self.total,
        }
    }

    /// The point since which there is a change, if there is one.
    fn since(&self) -> Option<Extreme> {
        let Parameters {
            mode, threshold, ..
        } = self.parameters;
        let rise = self
            .lowest
            .filter(|lowest| mode != Mode::Down && self.up - lowest.sum > threshold);
        let at_first = Extreme {
            sum: HIGHEST_AT_FIRST,
            seen: 0,
            total: 0.0,
        };
        let fall = Some(self.highest.unwrap_or(at_first))
            .filter(|highest| mode != Mode::Up && highest.sum - self.down > threshold);
        rise.or(fall)
    }
}
