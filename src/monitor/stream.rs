//! Rows of one kind, all of them or a slice, window by window. Windows do not overlap; when one is half full it is glanced at
//! together with the one before (see [`super::looks`]).

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

/// A stream and its window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stream {
    /// Which rows; none: all.
    pub slice: Option<Slice>,
    window: Collector,
    /// The last quarter of it.
    tail: Collector,
    span: Span,
    /// The window before, where nothing was found in it.
    before: Option<Sample>,
}

/// A window that is to be looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    pub sample: Sample,
    /// The last quarter of them.
    pub tail: Sample,
    /// Whether it is full; else it is half full.
    pub full: bool,
    /// Rows of the request that it is a sample of; none of a window of rows that followed each other.
    pub batch: Option<u64>,
    pub span: Span,
    /// When its last row so far came.
    pub time: Timestamp,
}

/// A row, as its event has it.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Number of the event.
    pub seq: u64,
    pub time: Timestamp,
    pub row: RowView<'a>,
    /// The model's probability for it.
    pub score: f64,
}

impl Stream {
    /// The stream of all rows, or of a slice. A slice's scores are not watched: the reference has none for it.
    pub fn new(schema: &Schema, slice: Option<Slice>) -> Stream {
        Stream {
            window: Collector::new(schema, slice.is_none()),
            tail: Collector::new(schema, false),
            slice,
            span: Span::default(),
            before: None,
        }
    }

    /// Rows of the window so far.
    pub fn filled(&self) -> u64 {
        self.window.rows()
    }

    /// What became of a window, at a family-wise level. Of a half-full one only a drift is told.
    pub fn weigh(&self, reference: &Sample, window: &Window, level: f64) -> Option<Drift> {
        let (sample, before) = (&window.sample, self.before_of(window));
        match window.full {
            true => Some(looks::look(reference, sample, before, level)),
            false => looks::glance(reference, sample, before?, level),
        }
    }

    /// The window before another; none before a batch, which is judged by itself.
    fn before_of(&self, window: &Window) -> Option<&Sample> {
        self.before.as_ref().filter(|_| window.batch.is_none())
    }

    /// The rows a drift was found in: the window, or both where only both prove it.
    pub fn compared<'a>(&self, window: &'a Window, drift: &Drift) -> Cow<'a, Sample> {
        match self.before_of(window) {
            Some(before) if drift.rows.current > window.sample.rows => {
                Cow::Owned(before.join(&window.sample))
            }
            _ => Cow::Borrowed(&window.sample),
        }
    }

    /// Goes on from a full window. One that drifted is not looked at again together with the next: the next full window
    /// without drift is one.
    pub fn settle(&mut self, window: Window, drift: &Drift) {
        if window.full && window.batch.is_none() {
            self.before = (!drift.drift).then_some(window.sample);
        }
    }

    /// Takes a row in, if it is one of this stream's; gives the window when it has half of `size` rows and may be glanced at,
    /// and when it has all of them, and begins another.
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
