//! ADWIN: a window that grows while the mean is stable and drops its old end when the mean changes.
//!
//! Bifet and Gavaldà, "Learning from time-changing data with adaptive windowing" (SIAM Data Mining 2007), as implemented in
//! River 0.26.1: the window is stored in buckets, and at every `clock`-th number each border between two buckets is tested
//! as a cut. A cut into n₀ older and n₁ newer numbers is significant if
//!
//! ```text
//! |mean₀ − mean₁| > √(2·m·σ²·ln(2·ln(n)/δ)) + ⅔·m·ln(2·ln(n)/δ),   m = 1/(n₀ − l + 1) + 1/(n₁ − l + 1)
//! ```
//!
//! with l the minimum length of a part and σ² the variance of the whole window. A significant cut is reported as a change,
//! and the next number starts a new window. (In the paper, and in River, the oldest bucket is dropped while a cut is
//! significant; River then starts a new window all the same.) The change is located where the window most likely changed.

use serde::{Deserialize, Serialize};

use super::buckets::{Border, Buckets};
use super::detect::{Change, Detect};
use super::parameter::{Allowed, Parameter};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    /// Significance level of a cut, in (0, 1).
    pub delta: f64,
    /// Numbers between two tests, ≥ 1.
    pub clock: u32,
    /// Maximum buckets per size, ≥ 2.
    pub max_buckets: u32,
    /// Minimum length of a part that is compared.
    pub min_window_length: u32,
    /// Numbers before the first test.
    pub grace_period: u32,
}

impl Default for Parameters {
    fn default() -> Parameters {
        Parameters {
            delta: 0.002,
            clock: 32,
            max_buckets: 5,
            min_window_length: 5,
            grace_period: 10,
        }
    }
}

/// The detector. For n numbers it stores about `max_buckets` · log₂ n buckets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adwin {
    parameters: Parameters,
    window: Buckets,
}

impl Detect for Adwin {
    type Parameters = Parameters;
    const NAME: &'static str = "adwin";
    const KEY: &'static str = "adwin";
    const TITLE: &'static str = "ADWIN";
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            name: "delta",
            doc: "Significance of a cut.",
            allowed: Allowed::Between(0.0, 1.0),
        },
        Parameter {
            name: "clock",
            doc: "Numbers between two looks.",
            allowed: Allowed::Whole(1, 1_000_000),
        },
        Parameter {
            name: "max_buckets",
            doc: "Buckets of a size: more remember finer.", // with 1, River fails
            allowed: Allowed::Whole(2, 1_000),
        },
        Parameter {
            name: "min_window_length",
            doc: "The shortest part that is compared.",
            allowed: Allowed::Whole(1, 1_000_000),
        },
        Parameter {
            name: "grace_period",
            doc: "Numbers before the first look.",
            allowed: Allowed::Whole(0, 1_000_000),
        },
    ];

    fn new(parameters: Parameters) -> Adwin {
        Adwin {
            parameters,
            window: Buckets::default(),
        }
    }

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn update(&mut self, value: f64) -> Option<Change> {
        let Parameters {
            clock,
            max_buckets,
            grace_period,
            ..
        } = self.parameters;
        self.window.push(value, max_buckets as usize);
        let seen = self.window.count();
        let looks = seen.is_multiple_of(u64::from(clock)) && seen > u64::from(grace_period);
        if !looks || !self.has_cut() {
            return None;
        }
        std::mem::take(&mut self.window).parted(None)
    }
}

impl Adwin {
    /// Whether any border is a significant cut.
    fn has_cut(&self) -> bool {
        let width = self.window.count() as f64;
        let least = f64::from(self.parameters.min_window_length);
        let logarithm = (2.0 * width.ln() / self.parameters.delta).ln();
        let is_cut = |border: Border| {
            let Border { n0, n1, apart, .. } = border;
            let m = 1.0 / (n0 - least + 1.0) + 1.0 / (n1 - least + 1.0);
            let far =
                (2.0 * m * self.window.variance() * logarithm).sqrt() + 2.0 / 3.0 * logarithm * m;
            n0 >= least && n1 >= least && apart.abs() > far
        };
        self.window.borders().any(is_cut)
    }
}
