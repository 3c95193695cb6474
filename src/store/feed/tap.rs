//! A bounded queue that passes predictions to the shadow scorer, which may fall behind.
//!
//! The store's writer fills it, outside the path of the response. Predictions that do not fit are counted and skipped;
//! the writer never waits. The queue is closed by a valve unless a shadow model runs; a batch of predictions then
//! costs a single check.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use super::event::Prediction;
use crate::telemetry::metrics::Metrics;

/// The sending end of the queue.
#[derive(Debug)]
pub struct Tap {
    queue: mpsc::Sender<Arc<Prediction>>,
    valve: Valve,
    metrics: Arc<Metrics>,
}

/// The receiving end of the queue.
#[derive(Debug)]
pub struct Tapped(mpsc::Receiver<Arc<Prediction>>);

/// Selects the model whose predictions pass, and counts the skipped ones. Clones share the state.
#[derive(Clone, Debug, Default)]
pub struct Valve(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// The model whose predictions pass; none while the valve is closed.
    model: Mutex<Option<Arc<str>>>,
    passed_over: AtomicU64,
}

/// Makes a queue with a capacity of `room` predictions, and its valve, which is closed.
pub fn tap(room: usize, metrics: Arc<Metrics>) -> (Tap, Tapped, Valve) {
    let (queue, taken) = mpsc::channel(room);
    let valve = Valve::default();
    let tap = Tap {
        queue,
        valve: valve.clone(),
        metrics,
    };
    (tap, Tapped(taken), valve)
}

impl Tap {
    /// Queues the predictions of the selected model that fit; never waits.
    pub fn offer(&self, made: &[Arc<Prediction>]) {
        let Some(model) = self.valve.lock().clone() else {
            return;
        };
        let ours = made.iter().filter(|prediction| prediction.model == model);
        let full =
            |prediction: &&Arc<Prediction>| self.queue.try_send((*prediction).clone()).is_err();
        let passed_over = ours.filter(full).count() as u64;
        if passed_over > 0 {
            self.valve.pass_over(passed_over);
            self.metrics
                .titanic_shadow_skipped_predictions_total
                .increment(passed_over);
        }
    }
}

impl Tapped {
    /// Waits for predictions and takes at most `most` of them; returns their number, 0 once the sending end is gone.
    pub async fn take(&mut self, taken: &mut Vec<Arc<Prediction>>, most: usize) -> usize {
        self.0.recv_many(taken, most).await
    }
}

impl Valve {
    /// Lets the predictions of one model pass, or of none.
    pub fn set(&self, model: Option<Arc<str>>) {
        *self.lock() = model;
    }

    /// Number of predictions skipped since the last call.
    pub fn take_passed_over(&self) -> u64 {
        self.0.passed_over.swap(0, Ordering::Relaxed)
    }

    fn pass_over(&self, predictions: u64) {
        self.0.passed_over.fetch_add(predictions, Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<str>>> {
        // A poisoned lock is safe to use: only assignments happen under it.
        self.0.model.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::store::feed::PredictionId;

    fn made(model: &str, predictions: usize) -> Vec<Arc<Prediction>> {
        let one = Prediction {
            id: PredictionId::Named("one".into()),
            label: crate::schema::column::Label::Integer(1),
            probability: 0.5,
            model: model.into(),
            warnings: Vec::new(),
            batch: None,
            time: jiff::Timestamp::UNIX_EPOCH,
            row: Default::default(),
            transport: crate::telemetry::metrics::Transport::Rest,
            own_id: None,
        };
        let one = Arc::new(one);
        (0..predictions).map(|_| one.clone()).collect()
    }

    fn waiting(tapped: &mut Tapped) -> usize {
        let mut taken = Vec::new();
        tapped.take(&mut taken, 100).now_or_never().unwrap_or(0)
    }

    #[test]
    fn nothing_flows_while_the_valve_is_shut_and_then_those_of_the_model_alone() {
        let (tap, mut tapped, valve) = tap(10, Arc::new(Metrics::new([])));
        tap.offer(&made("wine@1", 3));
        assert_eq!((waiting(&mut tapped), valve.take_passed_over()), (0, 0));
        valve.set(Some("wine@1".into()));
        tap.offer(&made("wine@1", 3));
        tap.offer(&made("wine@2", 20));
        assert_eq!((waiting(&mut tapped), valve.take_passed_over()), (3, 0));
        valve.set(None);
        tap.offer(&made("wine@1", 3));
        assert_eq!(waiting(&mut tapped), 0);
    }

    /// The receiver does not read, and the sender must go on regardless.
    #[test]
    fn what_there_is_no_room_for_is_passed_over_and_counted() {
        let metrics = Arc::new(Metrics::new([]));
        let (tap, mut tapped, valve) = tap(4, metrics.clone());
        valve.set(Some("wine@1".into()));
        tap.offer(&made("wine@1", 7));
        tap.offer(&made("wine@1", 2));
        assert_eq!((valve.take_passed_over(), valve.take_passed_over()), (5, 0));
        let page = metrics.render();
        assert!(page.contains("\ntitanic_shadow_skipped_predictions_total 5\n"));
        assert_eq!(waiting(&mut tapped), 4);
        tap.offer(&made("wine@1", 2));
        assert_eq!((waiting(&mut tapped), valve.take_passed_over()), (2, 0));
        drop(tapped);
        tap.offer(&made("wine@1", 2)); // nobody listens any more
        assert_eq!(valve.take_passed_over(), 2);
    }
}
