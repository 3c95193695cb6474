//! Rows of one kind, all of them or a slice, window by window: they do not overlap, so each verdict rests on rows of its own.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::collect::Collector;
use super::drift::Drift;
use super::looks;
use super::sample::Sample;
use super::slice::Slice;
use super::verdict::Span;
use crate::schema::{RowView, Schema};

/// A stream and its window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stream {
    /// Which rows; none: all.
    pub slice: Option<Slice>,
    window: Collector,
    span: Span,
    /// The window before, where nothing was found in it.
    before: Option<Sample>,
}

/// A window that is full.
#[derive(Clone, Debug, PartialEq)]
pub struct Full {
    /// Its rows.
    pub sample: Sample,
    /// Where it lies.
    pub span: Span,
    /// When its last row came.
    pub time: Timestamp,
}

/// A row, as its event has it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Number of the event.
    pub seq: u64,
    /// Its time.
    pub time: Timestamp,
    /// The checked row.
    pub row: RowView<'a>,
    /// The model's probability for it.
    pub score: f64,
}

impl Stream {
    /// The stream of all rows, or of a slice. A slice's scores are not watched: the reference has none for it.
    pub fn new(schema: &Schema, slice: Option<Slice>) -> Stream {
        Stream {
            window: Collector::new(schema, slice.is_none()),
            slice,
            span: Span::default(),
            before: None,
        }
    }

    /// Rows of the window so far.
    pub fn filled(&self) -> u64 {
        self.window.rows()
    }

    /// What became of a full window, at a family-wise level.
    pub fn weigh(&self, reference: &Sample, window: &Full, level: f64) -> Drift {
        looks::look(reference, &window.sample, self.before.as_ref(), level)
    }

    /// Goes on from a full window. One that drifted is not looked at again together with the next: the next full window
    /// without drift is one.
    pub fn settle(&mut self, window: Full, drift: &Drift) {
        self.before = (!drift.drift).then_some(window.sample);
    }

    /// Takes a row in, if it is one of this stream's; gives the window when it has `size` rows, and begins another.
    pub fn take(&mut self, schema: &Schema, seen: &Seen<'_>, size: u64) -> Option<Full> {
        let is_ours = self.slice.as_ref().is_none_or(|s| s.has(schema, seen.row));
        if !is_ours {
            return None;
        }
        if self.window.rows() == 0 {
            self.span.from = seen.seq;
        }
        let score = self.slice.is_none().then_some(seen.score);
        self.window.push(seen.row, score);
        self.span.to = seen.seq;
        if self.window.rows() < size {
            return None;
        }
        let fresh = Collector::new(schema, self.slice.is_none());
        Some(Full {
            sample: std::mem::replace(&mut self.window, fresh).finish(),
            span: self.span,
            time: seen.time,
        })
    }
}
