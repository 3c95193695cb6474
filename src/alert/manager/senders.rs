//! One task per channel; each makes one delivery attempt at a time and reports its result.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::parts::{Open, Parts};
use crate::alert::channels::{ChannelKind, Failure, Parcel};
use crate::clock::Clock;

/// Result of a delivery attempt.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) channel: String,
    pub(super) kind: ChannelKind,
    pub(super) id: String,
    pub(super) result: Result<(), Failure>,
}

/// The sender tasks; they are aborted when this value is dropped.
pub(super) struct Senders {
    queues: BTreeMap<String, mpsc::Sender<Parcel>>,
    busy: BTreeSet<String>,
    _tasks: JoinSet<()>,
}

impl Senders {
    pub(super) fn start(parts: &Parts) -> (Senders, mpsc::Receiver<Outcome>) {
        let (told, outcomes) = mpsc::channel(parts.channels.len().max(1));
        let (mut queues, mut tasks) = (BTreeMap::new(), JoinSet::new());
        for open in &parts.channels {
            let (queue, parcels) = mpsc::channel(1);
            queues.insert(open.name.clone(), queue);
            tasks.spawn(run(
                open.clone(),
                parcels,
                told.clone(),
                parts.clock.clone(),
            ));
        }
        let senders = Senders {
            queues,
            busy: BTreeSet::new(),
            _tasks: tasks,
        };
        (senders, outcomes)
    }

    pub(super) fn is_free(&self, channel: &str) -> bool {
        !self.busy.contains(channel)
    }

    pub(super) fn free(&mut self, channel: &str) {
        self.busy.remove(channel);
    }

    pub(super) fn send(&mut self, channel: &str, parcel: Parcel) {
        let queue = self.queues.get(channel);
        if queue.is_some_and(|queue| queue.try_send(parcel).is_ok()) {
            self.busy.insert(channel.into());
        }
    }
}

async fn run(
    open: Open,
    mut parcels: mpsc::Receiver<Parcel>,
    told: mpsc::Sender<Outcome>,
    clock: Arc<dyn Clock>,
) {
    while let Some(parcel) = parcels.recv().await {
        let result = open.channel.send(&parcel, clock.now()).await;
        let outcome = Outcome {
            channel: open.name.clone(),
            kind: open.kind,
            id: parcel.id,
            result,
        };
        if told.send(outcome).await.is_err() {
            return; // the manager is gone
        }
    }
}
