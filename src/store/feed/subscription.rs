//! One reader's place in the feed: what was kept for it, then what comes, in order, once, without a gap.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::event::{Event, Topics};
use super::state::{Overrun, Shared, Since, SinceError};

/// A reader's end. Dropping it ends the subscription.
#[derive(Debug)]
pub struct Subscription {
    pub(super) feed: Arc<Shared>,
    pub(super) id: u64,
    pub(super) topics: Topics,
    /// What comes before anything of the queue.
    pub(super) ready: VecDeque<Arc<Event>>,
    pub(super) queue: mpsc::Receiver<Arc<Event>>,
    pub(super) overrun: Arc<Overrun>,
}

impl Subscription {
    /// The topics it has.
    pub fn topics(&self) -> Topics {
        self.topics
    }

    /// The next event; none once the reader has fallen too far behind. Safe to be cancelled.
    pub async fn next(&mut self) -> Option<Arc<Event>> {
        if self.overrun.has_happened() {
            return None;
        }
        match self.ready.pop_front() {
            Some(event) => Some(event),
            None => self.queue.recv().await,
        }
    }

    /// Ends when the reader has fallen too far behind: for whoever waits on something else meanwhile.
    pub async fn overrun(&self) {
        self.overrun.wait().await;
    }

    /// Adds topics, those it has already being left as they are; with `since`, the new ones from there on. Gives the
    /// number of the last event so far.
    ///
    /// # Errors
    /// [`SinceError`], naming the oldest event kept; nothing is added then.
    pub fn add(&mut self, topics: Topics, since: Option<&Since>) -> Result<u64, SinceError> {
        let feed = self.feed.clone();
        let mut state = feed.lock();
        let fresh = topics.without(self.topics);
        let mut backlog = match since {
            Some(since) => state.after(since, &feed.epoch)?,
            None => Vec::new(),
        };
        backlog.retain(|event| fresh.has(event.topic()));
        self.take_queue();
        self.ready.extend(backlog);
        self.ready
            .make_contiguous()
            .sort_by_key(|event| event.seq());
        self.topics = self.topics.with(topics);
        state.set_topics(self.id, self.topics);
        Ok(state.seq)
    }

    /// Gives topics up: none of their events comes any more, not even those that wait. Gives the number of the last
    /// event so far.
    pub fn remove(&mut self, topics: Topics) -> u64 {
        let feed = self.feed.clone();
        let mut state = feed.lock();
        self.topics = self.topics.without(topics);
        self.take_queue();
        self.ready.retain(|event| self.topics.has(event.topic()));
        state.set_topics(self.id, self.topics);
        state.seq
    }

    /// What waits in the queue comes before anything that is yet to be published.
    fn take_queue(&mut self) {
        while let Ok(event) = self.queue.try_recv() {
            self.ready.push_back(event);
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut state = self.feed.lock();
        state.readers.retain(|reader| reader.id != self.id);
    }
}
