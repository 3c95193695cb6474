//! ADWIN: a window that grows while the mean stays and drops its old end when it does not.
//!
//! Bifet and Gavaldà, "Learning from time-changing data with adaptive windowing" (SIAM Data Mining 2007), as River 0.26.1
//! runs it: the window is kept as buckets of 1, 2, 4, … numbers, `max_buckets` of each size (the two oldest of a size make
//! one of the next), each with its total and its sum of squares about its mean. At every `clock`-th number each border
//! between two buckets is tried as a cut. A cut into n₀ older and n₁ newer numbers holds where
//!
//! ```text
//! |mean₀ − mean₁| > √(2·m·σ²·ln(2·ln(n)/δ)) + ⅔·m·ln(2·ln(n)/δ),   m = 1/(n₀ − l + 1) + 1/(n₁ − l + 1)
//! ```
//!
//! with l the shortest part looked at and σ² the variance of the whole window. While one holds, the oldest bucket goes. A
//! change once told, the next number begins a new window. The order of each sum is part of the definition: near a border
//! the last bit decides.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Allowed, Change, Detect, Parameter, Part};

/// River's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Parameters {
    /// Significance, in (0, 1).
    pub delta: f64,
    /// Numbers between two looks, ≥ 1.
    pub clock: u32,
    /// Buckets of a size, ≥ 1.
    pub max_buckets: u32,
    /// The shortest part that is compared.
    pub min_window_length: u32,
    /// Numbers before the first look.
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

/// The detector. It keeps some `max_buckets` · log₂ n buckets of n numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adwin {
    parameters: Parameters,
    window: Window,
    /// Numbers since the window began.
    seen: u64,
    /// Whether the last number was a change.
    changed: bool,
}

/// The numbers since the last change that was told, less what was dropped.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Window {
    /// By the logarithm of their size; the oldest of a size in front.
    sizes: Vec<VecDeque<Bucket>>,
    width: u64,
    total: f64,
    /// Sum of squares about the mean.
    squares: f64,
}

/// Some successive numbers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Bucket {
    total: f64,
    squares: f64,
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
            doc: "Buckets of a size: more remember finer.",
            allowed: Allowed::Whole(1, 1_000),
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
            window: Window::default(),
            seen: 0,
            changed: false,
        }
    }

    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn update(&mut self, value: f64) -> Option<Change> {
        if self.changed {
            *self = Adwin::new(self.parameters);
        }
        let Parameters {
            clock,
            grace_period,
            ..
        } = self.parameters;
        self.window
            .push(value, self.parameters.max_buckets as usize);
        self.seen += 1;
        if !self.seen.is_multiple_of(u64::from(clock.max(1)))
            || self.window.width <= u64::from(grace_period)
        {
            return None;
        }
        let (width, total) = (self.window.width, self.window.total);
        while self.window.has_cut(&self.parameters) {
            self.window.drop_oldest();
        }
        let dropped = width - self.window.width;
        self.changed = dropped > 0;
        self.changed.then(|| Change {
            before: Part::of(dropped, total - self.window.total),
            after: Part::of(self.window.width, self.window.total),
        })
    }
}

impl Window {
    fn push(&mut self, value: f64, most: usize) {
        let before = self.width as f64;
        self.width += 1;
        if self.width > 1 {
            let off = value - self.total / before;
            self.squares += before * off * off / self.width as f64;
        }
        self.total += value;
        let one = Bucket {
            total: value,
            squares: 0.0,
        };
        self.size(0).push_back(one);
        let mut size = 0;
        while self.sizes[size].len() > most {
            self.merge(size);
            size += 1;
        }
    }

    /// Makes the two oldest buckets of a size one of the next.
    fn merge(&mut self, size: usize) {
        let n = numbers(size);
        let [Some(a), Some(b)] = [(); 2].map(|()| self.sizes[size].pop_front()) else {
            return; // a full size has two
        };
        let apart = a.total / n - b.total / n;
        let merged = Bucket {
            total: a.total + b.total,
            squares: a.squares + b.squares + n * 0.5 * apart * apart,
        };
        self.size(size + 1).push_back(merged);
    }

    fn size(&mut self, size: usize) -> &mut VecDeque<Bucket> {
        if self.sizes.len() <= size {
            self.sizes.resize(size + 1, VecDeque::new());
        }
        &mut self.sizes[size]
    }

    /// Whether the window falls into two parts at any border between buckets, from the oldest on.
    fn has_cut(&self, parameters: &Parameters) -> bool {
        let least = f64::from(parameters.min_window_length);
        let width = self.width as f64;
        let logarithm = (2.0 * width.ln() / parameters.delta).ln();
        let differs = |n0: f64, n1: f64, apart: f64| {
            let m = 1.0 / (n0 - least + 1.0) + 1.0 / (n1 - least + 1.0);
            let far =
                (2.0 * m * (self.squares / width) * logarithm).sqrt() + 2.0 / 3.0 * logarithm * m;
            apart.abs() > far
        };
        let (mut n0, mut total0) = (0.0, 0.0);
        let (mut n1, mut total1) = (width, self.total);
        for (size, buckets) in self.sizes.iter().enumerate().rev() {
            let n = numbers(size);
            for bucket in buckets {
                n0 += n;
                n1 -= n;
                total0 += bucket.total;
                total1 -= bucket.total;
                if n0 >= least && n1 >= least.max(1.0) && differs(n0, n1, total0 / n0 - total1 / n1)
                {
                    return true;
                }
            }
        }
        false
    }

    fn drop_oldest(&mut self) {
        let Some(largest) = self.sizes.len().checked_sub(1) else {
            return; // a window with a cut has buckets
        };
        let n = numbers(largest);
        let Some(oldest) = self.sizes[largest].pop_front() else {
            return; // no size is kept that has none
        };
        if self.sizes[largest].is_empty() {
            self.sizes.pop();
        }
        self.width -= 1 << largest;
        self.total -= oldest.total;
        let width = self.width as f64;
        let apart = oldest.total / n - self.total / width;
        self.squares -= oldest.squares + n * width * apart * apart / (n + width);
    }
}

/// How many numbers a bucket holds.
fn numbers(size: usize) -> f64 {
    (1u64 << size) as f64
}
