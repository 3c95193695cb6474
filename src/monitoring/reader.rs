//! Reads events into verdicts. Blocks on the disk, so it runs on a blocking thread.

use std::sync::Arc;

use jiff::Timestamp;

use super::memory::Memory;
use super::reference::Reference;
use crate::monitor::batch::Batch;
use crate::monitor::cbpe::{self, Estimated};
use crate::monitor::performance::{Fired, Window};
use crate::monitor::quality;
use crate::monitor::sample::Observed;
use crate::monitor::stream::{self, Seen};
use crate::monitor::verdict::Verdict;
use crate::schema::Row;
use crate::schema::column::Label;
use crate::schema::row::Purpose;
use crate::store::event::{self, PredictionEvent, Record};
use crate::store::{Store, StoreError};

/// Maximum batches tracked at once; more are hardly ever interleaved.
const MOST_BATCHES: usize = 8;

/// Maximum events per pass.
const AT_ONCE: usize = 4096;

/// One pass over the new events.
pub(super) struct Reader {
    pub(super) store: Store,
    pub(super) reference: Arc<Reference>,
    pub(super) memory: Memory,
    /// The last event to read. Up to here, no event can belong to a champion later than the reference's.
    pub(super) until: u64,
    pub(super) window: u64,
    /// Why no verdict may start a training; `None` if it may.
    pub(super) retraining_off: Option<&'static str>,
}

/// The result of a pass.
pub(super) struct Read {
    pub(super) memory: Memory,
    pub(super) found: Vec<Finding>,
    /// Whether there may be more events to read.
    pub(super) more: bool,
}

/// A result to be stored and published.
#[derive(Clone, Debug)]
pub(super) enum Finding {
    /// A verdict on a window of all rows or of a slice.
    Verdict(Box<Verdict>),
    /// A full window of labels.
    Performance(Window),
    /// A detector reported a change of the error rate.
    Fired(Fired),
}

impl Reader {
    /// Processes new events, up to [`AT_ONCE`] or the first complete window.
    pub(super) fn read(mut self) -> Result<Read, StoreError> {
        let (mut room, mut due) = (AT_ONCE, Vec::new());
        let schema = self.reference.champion.model.schema().clone();
        let mut row = Row::new(&schema, Purpose::Predict);
        let store = self.store.clone();
        let followed = store.follow(self.memory.seen, self.until, |record| {
            if let Some(prediction) = record.prediction() {
                self.look(record, prediction, &mut row, &mut due);
            }
            // Stop at a complete window, so that its verdict is published before the next one replaces it.
            room = if due.is_empty() { room - 1 } else { 0 };
            room > 0
        })?;
        self.memory.seen = followed.seen;
        let mut found = Vec::new();
        for (stream, window) in due {
            if let Some(verdict) = self.weigh(stream, window) {
                self.memory.note(stream, verdict.clone());
                found.push(Finding::Verdict(Box::new(verdict)));
            }
        }
        for label in followed.labels {
            let pair = label.join(&store, |record, value| {
                self.score(record, value, label.time, &mut found);
            });
            pair?;
        }
        Ok(Read {
            memory: self.memory,
            found,
            more: room == 0,
        })
    }

    /// Takes a prediction into the windows it belongs to.
    fn look(
        &mut self,
        record: &Record<'_>,
        prediction: &PredictionEvent<'_>,
        row: &mut Row,
        due: &mut Vec<(usize, stream::Window)>,
    ) {
        // A window that has begun is completed: the rate limit has already been charged for it.
        let is_begun = self.memory.streams[0].filled() > 0;
        if !is_begun && !self.memory.pace.is_ready(record.time) && prediction.batch.is_none() {
            self.memory.skipped += 1;
            return;
        }
        if prediction.model != self.reference.champion.name {
            return; // another model's, answered before the swap
        }
        let batch = prediction.batch.filter(|batch| batch.rows >= self.window);
        if batch.is_some_and(|batch| !self.wants(batch, record.time, due)) {
            return;
        }
        let champion = &self.reference.champion;
        let schema = champion.model.schema();
        prediction.row.read(schema, row);
        if !row.faults.is_empty() {
            return; // a row that was answered is one: the contract is the model's own
        }
        let seen = Seen {
            seq: record.seq,
            time: record.time,
            row: row.view(),
            score: prediction.probability,
        };
        if let Some(batch) = batch {
            return self.take(batch, &seen, due);
        }
        if !is_begun {
            self.memory.pace.spend();
        }
        for (n, stream) in self.memory.streams.iter_mut().enumerate() {
            due.extend(
                stream
                    .take(schema, &seen, self.window)
                    .map(|full| (n, full)),
            );
        }
    }

    /// Whether the row belongs to the sample of its batch. The first row of a batch decides whether the batch is judged at all.
    fn wants(
        &mut self,
        mark: event::Batch,
        time: Timestamp,
        due: &mut Vec<(usize, stream::Window)>,
    ) -> bool {
        let Memory {
            batches,
            streams,
            pace,
            skipped,
            ..
        } = &mut self.memory;
        let known = batches.iter().position(|b| b.is(mark.id, mark.rows));
        let at = known.unwrap_or_else(|| {
            if batches.len() >= MOST_BATCHES
                && let Some(oldest) = batches.pop_front()
            {
                due.extend(oldest.finish(self.window, time)); // its end was lost
            }
            let schema = self.reference.champion.model.schema();
            let slices = streams.iter().map(|stream| &stream.slice);
            let seen = (mark.id, mark.rows, mark.row);
            let mut batch = Batch::new(seen, self.window, schema, slices);
            if batch.is_judged() && pace.is_ready(time) {
                pace.spend();
            } else {
                batch.pass_by();
                *skipped += mark.rows - mark.row;
            }
            batches.push_back(batch);
            batches.len() - 1
        });
        let is_wanted = batches[at].wants(mark.row);
        if !is_wanted && batches[at].is_complete(mark.row) {
            self.end(at, time, due);
        }
        is_wanted
    }

    /// Takes a row into the sample of its batch.
    fn take(
        &mut self,
        mark: event::Batch,
        seen: &Seen<'_>,
        due: &mut Vec<(usize, stream::Window)>,
    ) {
        let batches = &mut self.memory.batches;
        let Some(at) = batches.iter().position(|b| b.is(mark.id, mark.rows)) else {
            return;
        };
        let schema = self.reference.champion.model.schema();
        batches[at].take(mark.row, schema, seen);
        if batches[at].is_complete(mark.row) {
            self.end(at, seen.time, due);
        }
    }

    /// Finishes a batch whose sample is complete. The batch remains known for a while, because more of its rows may follow.
    fn end(&mut self, at: usize, time: Timestamp, due: &mut Vec<(usize, stream::Window)>) {
        let batch = &mut self.memory.batches[at];
        due.extend(batch.finish(self.window, time));
        batch.pass_by();
    }

    /// The estimated metrics of the predictions in a window.
    fn estimate(&self, window: &stream::Window) -> Option<Estimated> {
        let scores = window
            .sample
            .columns
            .iter()
            .find_map(|c| match &c.observed {
                Observed::Score(scores) => Some(&scores.values),
                _ => None,
            })?;
        let threshold = self.reference.champion.model.spec().decision.threshold;
        Some(cbpe::judge(scores, threshold, &self.reference.estimates))
    }

    /// The verdict on a window; `None` for a half-full window without drift.
    fn weigh(&mut self, n: usize, window: stream::Window) -> Option<Verdict> {
        let (slice, reference) = &self.reference.streams[n];
        let (mut of, level) = (reference, self.reference.level);
        let stream = &mut self.memory.streams[n];
        let mut drift = stream.weigh(reference, &window, level)?;
        // Training rows get other scores than new rows do, so a window of them is compared with the scores of the training
        // rows too: only scores that differ from both have drifted.
        if drift.has_drifted_scores()
            && let Some(seen) = self.reference.seen()
        {
            let other = stream.weigh(seen, &window, level)?;
            if other.has_nearer_scores(&drift) {
                (of, drift) = (seen, other);
            }
        }
        let mut verdict = Verdict {
            model: self.memory.model.clone(),
            slice: slice.clone(),
            time: window.time,
            window: window.span,
            full: window.full,
            batch: window.batch,
            issues: quality::issues(
                of,
                &stream.compared(&window, &drift),
                Some(&window.tail).filter(|_| window.full),
                &drift,
            ),
            estimated: slice.is_none().then(|| self.estimate(&window)).flatten(),
            drift,
            retrain: None,
        };
        self.memory.streams[n].settle(window, &verdict.drift);
        // The window in which a source is repaired still contains some corrupt rows.
        let before = self.memory.verdicts[n].as_ref();
        let partly = before.and_then(|before| before.issue_goes_on(&verdict));
        if !verdict.issues.is_empty() || partly.is_some() {
            self.memory.unsound.extend(verdict.window);
        }
        let retraining_off = || self.retraining_off.map(str::to_owned);
        let hindrance = self.issue_in_others(n).or(partly).or_else(retraining_off);
        verdict.conclude(hindrance);
        Some(verdict)
    }

    /// A data-quality issue in another stream's newest verdict, in words.
    fn issue_in_others(&self, n: usize) -> Option<String> {
        let others = self.memory.verdicts.iter().enumerate();
        let mut others = others.filter(|(other, _)| *other != n);
        others.find_map(|(_, other)| other.as_ref()?.quality_issue())
    }

    /// Updates the performance with a label, if the champion made its prediction.
    fn score(
        &mut self,
        record: &Record<'_>,
        label: &Label,
        time: Timestamp,
        found: &mut Vec<Finding>,
    ) {
        let Some(prediction) = record.prediction() else {
            return; // a row that brought its label: nobody answered it
        };
        // The delay of a label does not depend on the model that made the prediction.
        if let Some(delay) = self.memory.delay.as_mut() {
            delay.update(record.time, time);
        }
        let champion = &self.reference.champion;
        if prediction.model != champion.name {
            return;
        }
        let positive = champion.model.schema().target().positive == *label;
        if let Some(performance) = self.memory.performance.as_mut() {
            let taken = performance.update(prediction.probability, positive);
            if self.memory.unsound.has(record.seq) {
                self.memory.last_unsound_label = Some(performance.labels());
            }
            if let Some(window) = &taken.window {
                let card = champion.model.card();
                self.memory.carried.labelled(window, card);
            }
            if taken.fired.iter().any(|fired| fired.decay) {
                self.memory.carried.decayed_again();
            }
            found.extend(taken.fired.into_iter().map(Finding::Fired));
            found.extend(taken.window.map(Finding::Performance));
        }
    }
}
