//! A subscription: the retained events it asked for, then new ones, in order, each once and without a gap.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::event::{Event, Topics};
use super::state::{Overrun, Shared, Since, SinceError};

/// The subscriber's side of a subscription. Dropping it ends the subscription.
#[derive(Debug)]
pub struct Subscription {
    pub(super) feed: Arc<Shared>,
    pub(super) id: u64,
    pub(super) topics: Topics,
    /// Events to return before those of the queue.
    pub(super) ready: VecDeque<Arc<Event>>,
    pub(super) queue: mpsc::Receiver<Arc<Event>>,
    pub(super) overrun: Arc<Overrun>,
}

impl Subscription {
    pub fn topics(&self) -> Topics {
        self.topics
    }

    /// The next event; none once the subscriber has fallen too far behind. Cancel-safe.
    pub async fn next(&mut self) -> Option<Arc<Event>> {
        if self.overrun.has_happened() {
            return None;
        }
        match self.ready.pop_front() {
            Some(event) => Some(event),
            None => self.queue.recv().await,
        }
    }

    /// Waits until the subscriber has fallen too far behind, for callers that wait on something else at the same time.
    pub async fn overrun(&self) {
        self.overrun.wait().await;
    }

    /// Adds topics; those already subscribed to are unchanged. With `since`, the retained events of the new topics after
    /// that position come first. Returns the sequence number of the last event so far.
    ///
    /// # Errors
    /// [`SinceError`], which names the oldest retained event; nothing is added then.
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

    /// Removes topics: no event of theirs is returned any more, queued ones included. Returns the sequence number of the
    /// last event so far.
    pub fn remove(&mut self, topics: Topics) -> u64 {
        let feed = self.feed.clone();
        let mut state = feed.lock();
        self.topics = self.topics.without(topics);
        self.take_queue();
        self.ready.retain(|event| self.topics.has(event.topic()));
        state.set_topics(self.id, self.topics);
        state.seq
    }

    /// Moves the queued events to `ready`, because they come before events that are published later.
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
