//! What happened, for people: the notable events of the store, and counts of the others over time.
//!
//! A page must not scan the store on a request. This task reads every event once, in the background, and keeps what the
//! pages show, within fixed bounds.

mod counts;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::MissedTickBehavior;

pub use counts::{Bucket, Counts};

use crate::store::event::{Event, Record};
use crate::store::kind::Kind;
use crate::store::remembered::last;
use crate::store::{Store, StoreError};

/// Notable events kept.
const MOST: usize = 2_000;
/// Events read at a time, and the pause after them: a large store is read without hurry.
const AT_ONCE: u64 = 20_000;
const LOOK: Duration = Duration::from_millis(250);

/// An event of a rare kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Notable {
    pub seq: u64,
    pub time: Timestamp,
    pub kind: Kind,
    /// Id of the object that the event is about.
    pub id: String,
    /// The contents as a JSON object.
    pub json: Arc<str>,
}

/// What happened so far.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// Number of the last event that was read.
    pub seen: u64,
    /// Notable events, oldest first: the latest ones.
    pub notable: VecDeque<Notable>,
    pub counts: Counts,
}

impl Story {
    fn read(&mut self, record: &Record<'_>) {
        self.seen = record.seq;
        match &record.event {
            Event::Prediction(prediction) => {
                self.counts.prediction(record.time, prediction.probability);
            }
            Event::Row(_) => self.counts.at(record.time).rows += 1,
            Event::Label(_) => self.counts.at(record.time).labels += 1,
            Event::LabelExpired(_) => {}
            Event::Document(Kind::Quarantine, _) => self.counts.at(record.time).quarantined += 1,
            Event::Document(kind, json) => {
                if self.notable.len() == MOST {
                    self.notable.pop_front();
                }
                self.notable.push_back(Notable {
                    seq: record.seq,
                    time: record.time,
                    kind: *kind,
                    id: record.id.to_string(),
                    json: (*json).into(),
                });
            }
        }
    }
}

/// The story, shared by the task that writes it and the pages that read it.
#[derive(Clone, Debug, Default)]
pub struct Timeline(Arc<Mutex<Story>>);

impl Timeline {
    /// Passes the story to `look`, which must not block.
    pub fn look<T>(&self, look: impl FnOnce(&Story) -> T) -> T {
        look(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the next events up to `until`. Blocks on the disk.
    fn read(&self, store: &Store, until: u64) -> Result<(), StoreError> {
        let seen = self.look(|story| story.seen);
        store.after(seen, |record| {
            let is_wanted = record.seq <= until.min(seen + AT_ONCE);
            if is_wanted {
                let mut story = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                story.read(record);
            }
            is_wanted
        })
    }

    /// Reads the store until the task is cancelled.
    pub async fn run(self, store: Store) {
        let mut tick = tokio::time::interval(LOOK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut has_failed = false;
        loop {
            tick.tick().await;
            let read = self.step(&store).await;
            if let Err(error) = &read
                && !has_failed
            {
                tracing::warn!(%error, "timeline: the store cannot be read; retrying");
            }
            has_failed = read.is_err();
        }
    }

    async fn step(&self, store: &Store) -> Result<(), anyhow::Error> {
        let until = last(store).await?;
        if self.look(|story| story.seen) == until {
            return Ok(());
        }
        let (timeline, store) = (self.clone(), store.clone());
        tokio::task::spawn_blocking(move || timeline.read(&store, until)).await??;
        Ok(())
    }
}
