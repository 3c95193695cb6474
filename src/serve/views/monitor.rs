//! What the monitor sees.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::monitor::cbpe::Estimated;
use crate::monitor::delay;
use crate::monitor::options::Options;
use crate::monitor::performance::{self, Fired};
use crate::monitor::slice::{Slice, Unwatched};
use crate::monitor::verdict::{Brief, Verdict};
use crate::monitoring::Memory;

/// What the monitor sees of the live model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Monitor {
    /// The model; null before the first look.
    pub model: Option<String>,
    /// The window under way.
    pub window: Filled,
    /// The newest verdict, column by column, as `drift --json` has it.
    pub verdict: Option<Verdict>,
    /// The last verdicts, newest first.
    pub history: Vec<Brief>,
    /// By labels: windows, detectors.
    pub performance: Option<Performance>,
    /// Without labels; blind to corrupted inputs.
    pub estimated: Option<Estimated>,
    /// Parts of the rows that are watched beside the whole.
    pub slices: Vec<Sliced>,
    /// Columns that were to make slices and cannot.
    pub unwatched: Vec<Unwatched>,
    /// How long labels take to come.
    pub delay: Option<Delay>,
    /// Predictions that came too fast for any window.
    pub skipped: u64,
    /// Number of the last event that the monitor has read.
    pub seq: u64,
}

/// How far a window is filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Filled {
    /// Rows that fill it.
    pub size: u64,
    /// Rows in it.
    pub filled: u64,
}

/// How good the predictions were whose labels have come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Performance {
    /// Labels that came.
    pub truths: u64,
    /// The window under way.
    pub window: Filled,
    /// The last full window.
    pub last: Option<performance::Window>,
    /// The window under way as it stands.
    pub open: Option<performance::Window>,
    /// The last time a detector found that errors rose, until a full window shows it gone.
    pub decayed: Option<Fired>,
}

/// The rows of one level of one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sliced {
    /// Which rows.
    pub slice: Option<Slice>,
    /// The window under way.
    pub window: Filled,
    /// The newest verdict on them.
    pub verdict: Option<Verdict>,
}

/// How long labels take to come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Delay {
    /// Labels that came.
    pub truths: u64,
    /// The last full window of them.
    pub last: Option<delay::Window>,
    /// Those since then.
    pub open: Option<delay::Window>,
}

impl Monitor {
    /// What the monitor remembers.
    pub fn of(seen: &Memory, options: &Options) -> Monitor {
        let size = options.window.get() as u64;
        let window = |filled| Filled { size, filled };
        let filled = |n: usize| seen.streams.get(n).map_or(0, |stream| stream.filled());
        let verdict = seen.verdict();
        let slices = seen.streams.iter().enumerate().skip(1);
        let slices = slices.map(|(n, stream)| Sliced {
            slice: stream.slice.clone(),
            window: window(filled(n)),
            verdict: seen.verdicts[n].clone(),
        });
        Monitor {
            model: Some(seen.model.clone()).filter(|name| !name.is_empty()),
            window: window(filled(0)),
            verdict: verdict.cloned(),
            history: seen.history.iter().cloned().collect(),
            performance: seen.performance.as_ref().map(Performance::of),
            estimated: verdict.and_then(|verdict| verdict.estimated.clone()),
            slices: slices.collect(),
            unwatched: seen.unwatched.clone(),
            delay: seen.delay.as_ref().map(|delay| Delay {
                truths: delay.truths(),
                last: delay.last(),
                open: delay.open(),
            }),
            skipped: seen.skipped,
            seq: seen.seen,
        }
    }
}

impl Performance {
    fn of(live: &performance::Performance) -> Performance {
        let open = live.open();
        Performance {
            truths: live.truths(),
            window: Filled {
                size: live.size() as u64,
                filled: open.as_ref().map_or(0, |open| open.n),
            },
            last: live.last().cloned(),
            open,
            decayed: live.decayed().cloned(),
        }
    }
}
