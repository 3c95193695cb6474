//! Splits the rows of a stream (all rows, or a slice) into non-overlapping windows. A half-full window gets an interim look,
//! pooled with the previous window (see [`super::looks`]).

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::collect::Collector;
use super::drift::Drift;
use super::looks;
use super::sample::Sample;
use super::slice::Slice;
use super::verdict::Span;
use crate::schema::{RowView, Schema};

/// A stream with its open window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stream {
    /// The rows of the stream; `None` for all rows.
    pub slice: Option<Slice>,
    window: Collector,
    /// The last quarter of the open window.
    tail: Collector,
    span: Span,
    /// The previous window, if no drift was found in it.
    before: Option<Sample>,
}

/// A window that is ready to be tested.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    pub sample: Sample,
    /// The last quarter of the rows.
    pub tail: Sample,
    /// Whether the window is full rather than half full.
    pub full: bool,
    /// Row count of the request that the window samples; `None` for a window of consecutive rows.
    pub batch: Option<u64>,
    pub span: Span,
    /// Time of its last row so far.
    pub time: Timestamp,
}

/// A row as read from its event.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Sequence number of the event.
    pub seq: u64,
    pub time: Timestamp,
    pub row: RowView<'a>,
    /// The model's probability for the row.
    pub score: f64,
}

impl Stream {
    /// The stream of all rows, or of a slice. The scores of a slice are not monitored, because the reference has none for it.
    pub fn new(schema: &Schema, slice: Option<Slice>) -> Stream {
        Stream {
            window: Collector::new(schema, slice.is_none()),
            tail: Collector::new(schema, false),
            slice,
            span: Span::default(),
            before: None,
        }
    }

    /// Rows in the open window.
    pub fn filled(&self) -> u64 {
        self.window.rows()
    }

    /// Tests a window at a family-wise level. A half-full window returns a result only for a drift.
    pub fn weigh(&self, reference: &Sample, window: &Window, level: f64) -> Option<Drift> {
        let (sample, before) = (&window.sample, self.before_of(window));
        match window.full {
            true => Some(looks::look(reference, sample, before, level)),
            false => looks::glance(reference, sample, before?, level),
        }
    }

    /// The previous window to pool with; `None` for a batch, which is judged by itself.
    fn before_of(&self, window: &Window) -> Option<&Sample> {
        self.before.as_ref().filter(|_| window.batch.is_none())
    }

    /// The rows in which the drift was found: the window, or the pooled window if only that showed the drift.
    pub fn compared<'a>(&self, window: &'a Window, drift: &Drift) -> Cow<'a, Sample> {
        match self.before_of(window) {
            Some(before) if drift.rows.current > window.sample.rows => {
                Cow::Owned(before.join(&window.sample))
            }
            _ => Cow::Borrowed(&window.sample),
        }
    }

    /// Records the result of a full window. A window that drifted is not pooled with the next one; a window without drift is.
    pub fn settle(&mut self, window: Window, drift: &Drift) {
        if window.full && window.batch.is_none() {
            self.before = (!drift.drift).then_some(window.sample);
        }
    }

    /// Adds a row if it belongs to this stream. Returns the window when it has half of `size` rows and may get an interim
    /// look, and when it is full, which also starts the next window.
    pub fn take(&mut self, schema: &Schema, seen: &Seen<'_>, size: u64) -> Option<Window> {
        let is_ours = self.slice.as_ref().is_none_or(|s| s.has(schema, seen.row));
        if !is_ours {
            return None;
        }
        if self.window.rows() == 0 {
            self.span.from = seen.seq;
        }
        let score = self.slice.is_none().then_some(seen.score);
        self.window.push(seen.row, score);
        if self.window.rows() > size - size / 4 {
            self.tail.push(seen.row, None);
        }
        self.span.to = seen.seq;
        let full = self.window.rows() >= size;
        let half = self.window.rows() == size / 2 && self.before.is_some();
        if !full && !half {
            return None;
        }
        let window = Window {
            sample: self.window.finish(),
            tail: self.tail.finish(),
            full,
            batch: None,
            span: self.span,
            time: seen.time,
        };
        if full {
            self.window = Collector::new(schema, self.slice.is_none());
            self.tail = Collector::new(schema, false);
        }
        Some(window)
    }
}
