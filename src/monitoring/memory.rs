//! What the observer remembers, over restarts too: it is kept in the store beside the verdicts that were made from it.

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

/// Under which name it is kept.
pub const NAME: &str = "observer";

/// Verdicts that are shown as a history; all of them are events.
const HISTORY: usize = 100;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// The last event it has seen.
    pub seen: u64,
    /// The model it looks at.
    pub model: String,
    /// All rows, then the slices.
    pub streams: Vec<Stream>,
    /// Columns that were to make slices and cannot.
    pub unwatched: Vec<Unwatched>,
    /// The newest verdict of each stream, in their order.
    pub verdicts: Vec<Option<Verdict>>,
    /// The last verdicts, newest first.
    pub history: VecDeque<Brief>,
    /// Large requests that are being seen, the oldest first.
    #[serde(default)]
    pub batches: VecDeque<Batch>,
    /// How many windows may still be looked at.
    pub pace: Pace,
    /// Rows that passed by unseen.
    pub skipped: u64,
    /// How good the answers were, by their truths; none before the first look at a model.
    pub performance: Option<Performance>,
    /// Where the last broken rows lie among the store's events.
    #[serde(default)]
    pub broken: Span,
    /// Number of the last truth of such a row, as the performance counts them.
    #[serde(default)]
    pub broken_truth: Option<u64>,
    /// How late truths are; none before the first look.
    pub delay: Option<Delay>,
    /// What was wrong by the models before, and is not over.
    #[serde(default)]
    pub carried: Carried,
}

impl Memory {
    /// Takes a verdict into the history.
    pub fn note(&mut self, stream: usize, verdict: Verdict) {
        self.history.push_front(verdict.brief());
        self.history.truncate(HISTORY);
        let watched: Vec<Option<Slice>> = self.streams.iter().map(|s| s.slice.clone()).collect();
        self.carried.judged(verdict.slice.as_ref(), &watched);
        self.verdicts[stream] = Some(verdict);
    }

    /// Before other windows begin: carries on what is wrong by the last ones.
    pub(super) fn carry_drift(&mut self) {
        let verdicts = self.verdicts.iter().flatten();
        self.carried.carry_drift(&self.model, verdicts);
    }

    /// Before labels are counted anew: carries on the decay that those so far show.
    pub(super) fn carry_decay(&mut self) {
        let decayed = self.performance.as_ref().and_then(|p| p.decayed());
        self.carried.carry_decay(&self.model, decayed);
    }

    /// The newest verdict on all rows.
    pub fn verdict(&self) -> Option<&Verdict> {
        self.verdicts.first()?.as_ref()
    }

    /// Why errors that rose at a truth are no reason to train: it, or one of as many before it as make a window, is of a row
    /// that was broken. Truths come long after their rows.
    pub fn sick_at(&self, truth: u64) -> Option<String> {
        let window = self.performance.as_ref()?.size() as u64;
        let is_near = |broken: &u64| truth.saturating_sub(*broken) < window;
        let why = "the truths that showed it are of rows that were broken, in part";
        let near = self.broken_truth.filter(is_near).map(|_| why.to_owned());
        self.sick().or(near)
    }

    /// How the rows of late are broken in a way that no training can help; none where they are not.
    pub fn sick(&self) -> Option<String> {
        self.verdicts.iter().flatten().find_map(Verdict::sick)
    }
}
