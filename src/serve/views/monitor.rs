//! The document of the monitor: drift and performance of the live model.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::monitor::cbpe::Estimated;
use crate::monitor::delay;
use crate::monitor::options::Options;
use crate::monitor::performance::{self, Fired};
use crate::monitor::slice::{Slice, Unwatched};
use crate::monitor::verdict::{Brief, Verdict};
use crate::monitoring::Memory;

/// Drift and performance of the live model, as found by the monitor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Monitor {
    /// Version name of the monitored model; null before the monitor's first run.
    pub model: Option<String>,
    /// The window of predictions that is being filled.
    pub window: Filled,
    /// The latest verdict, with statistics per column in the format of `drift --json`; null before the first full window.
    pub verdict: Option<Verdict>,
    /// The latest verdicts, newest first.
    pub history: Vec<Brief>,
    /// Performance measured on labelled predictions: windows and error detectors.
    pub performance: Option<Performance>,
    /// Performance estimated without labels. The estimate cannot see a loss of performance caused by corrupted inputs.
    pub estimated: Option<Estimated>,
    /// Subsets of the rows that are monitored in addition to all rows.
    pub slices: Vec<Sliced>,
    /// Columns of the setting `monitor.slices` that cannot be sliced, with the reason.
    pub unwatched: Vec<Unwatched>,
    /// The delay between predictions and their labels.
    pub delay: Option<Delay>,
    /// Number of predictions that the monitor skipped because they exceeded its rate limit.
    pub skipped: u64,
    /// Number of the last event that the monitor read.
    pub seq: u64,
}

/// Fill level of a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Filled {
    /// Number of rows in a full window.
    pub size: u64,
    /// Number of rows in the window so far.
    pub filled: u64,
}

/// Performance of the predictions whose labels have arrived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Performance {
    /// Number of labels that have arrived.
    pub truths: u64,
    /// The window of labelled predictions that is being filled.
    pub window: Filled,
    /// Metrics of the last full window.
    pub last: Option<performance::Window>,
    /// Metrics of the window that is being filled.
    pub open: Option<performance::Window>,
    /// The last detection of a rise in errors; null again once a full window shows that the rise is over.
    pub decayed: Option<Fired>,
}

/// A slice: the rows with one level of one column, which are monitored separately.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sliced {
    /// The column and the level that define the slice.
    pub slice: Option<Slice>,
    /// The window of the slice that is being filled.
    pub window: Filled,
    /// The latest verdict on the slice; null before its first full window.
    pub verdict: Option<Verdict>,
}

/// The delay between predictions and their labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Delay {
    /// Number of labels that have arrived.
    pub truths: u64,
    /// Delays of the last full window of labels.
    pub last: Option<delay::Window>,
    /// Delays of the labels since the last full window.
    pub open: Option<delay::Window>,
}

impl Monitor {
    /// The document of the monitor's state.
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
                truths: delay.labels(),
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
            truths: live.labels(),
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
