//! The state of the monitor task, persisted in the store together with the verdicts made from it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::carried::Carried;
use crate::monitor::batch::Batch;
use crate::monitor::delay::Delay;
use crate::monitor::pace::Pace;
use crate::monitor::performance::Performance;
use crate::monitor::slice::{Slice, Unwatched};
use crate::monitor::stream::Stream;
use crate::monitor::verdict::{Brief, Span, Verdict};

/// Name of the state in the store.
pub const NAME: &str = "observer";

/// Maximum verdicts in the displayed history; all verdicts are stored as events.
const HISTORY: usize = 100;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Number of the last event that was read.
    pub seen: u64,
    /// Name of the model that is monitored.
    pub model: String,
    /// The stream of all rows, then the slices.
    pub streams: Vec<Stream>,
    /// Columns that were configured as slices and cannot be.
    pub unwatched: Vec<Unwatched>,
    /// The newest verdict of each stream, in the order of `streams`.
    pub verdicts: Vec<Option<Verdict>>,
    /// Summaries of the last verdicts, newest first.
    pub history: VecDeque<Brief>,
    /// Large requests whose rows are still arriving, oldest first.
    #[serde(default)]
    pub batches: VecDeque<Batch>,
    /// Rate limit on tested windows.
    pub pace: Pace,
    /// Number of predictions that were skipped by the rate limit.
    pub skipped: u64,
    /// Performance of the labelled predictions; `None` until the first model is monitored.
    pub performance: Option<Performance>,
    /// Range of events whose rows have a data-quality issue.
    #[serde(default, rename = "broken")]
    pub unsound: Span,
    /// Number of the last label of such a row, in the count of `performance`.
    #[serde(default, rename = "broken_truth")]
    pub last_unsound_label: Option<u64>,
    /// Delay of labels; `None` until the first model is monitored.
    pub delay: Option<Delay>,
    /// Active alarms from earlier models.
    #[serde(default)]
    pub carried: Carried,
}

impl Memory {
    /// Adds a verdict to the history.
    pub fn note(&mut self, stream: usize, verdict: Verdict) {
        self.history.push_front(verdict.brief());
        self.history.truncate(HISTORY);
        let watched: Vec<Option<Slice>> = self.streams.iter().map(|s| s.slice.clone()).collect();
        self.carried.judged(verdict.slice.as_ref(), &watched);
        self.verdicts[stream] = Some(verdict);
    }

    /// Called before new windows begin: carries over the drifts that the last windows show.
    pub(super) fn carry_drift(&mut self) {
        let verdicts = self.verdicts.iter().flatten();
        self.carried.carry_drift(&self.model, verdicts);
    }

    /// Called before label counting restarts: carries over the decay that the labels so far show.
    pub(super) fn carry_decay(&mut self) {
        let decayed = self.performance.as_ref().and_then(|p| p.decayed());
        self.carried.carry_decay(&self.model, decayed);
    }

    pub fn verdict(&self) -> Option<&Verdict> {
        self.verdicts.first()?.as_ref()
    }

    /// Why a rise of the error at label number `at` must not start a training: a label less than a window before it
    /// belongs to a row with a data-quality issue. The labels of such rows may arrive long after the rows.
    pub fn issue_near(&self, at: u64) -> Option<String> {
        let window = self.performance.as_ref()?.size() as u64;
        let is_near = |label: &u64| at.saturating_sub(*label) < window;
        let why = "some of the labels that showed it belong to rows with a data-quality issue";
        let near = self
            .last_unsound_label
            .filter(is_near)
            .map(|_| why.to_owned());
        self.quality_issue().or(near)
    }

    /// The data-quality issue that the newest verdicts found, in words; `None` if there is none.
    pub fn quality_issue(&self) -> Option<String> {
        self.verdicts
            .iter()
            .flatten()
            .find_map(Verdict::quality_issue)
    }
}
