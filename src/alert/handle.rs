//! The handle of the alert manager: other modules report conditions, read alerts and send requests through it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{Notify, mpsc, oneshot};

use super::condition::{Condition, Rule};
use super::silence::Matcher;
use super::view::View;

/// Maximum number of subjects that may be reported between two runs of the alert manager; more are dropped and counted.
const MOST_WAITING: usize = 4096;

/// Maximum number of queued requests.
const MOST_ASKS: usize = 64;

/// Handle of the alert manager; clones share its state.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(super) inbox: Arc<Inbox>,
    pub(super) view: Arc<ArcSwap<View>>,
    pub(super) asks: mpsc::Sender<Ask>,
}

/// Queue of conditions for the alert manager.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    told: Mutex<Told>,
    pub(super) bell: Notify,
}

/// Conditions reported since the alert manager last ran: the latest of each subject.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) conditions: BTreeMap<(Rule, String), Condition>,
    /// Rules whose conditions were reported completely: subjects that are not listed no longer hold.
    pub(super) whole: Vec<Rule>,
    pub(super) dropped: u64,
}

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    #[error("there is no alert {0:?}; the list of alerts shows all of them")]
    NoAlert(String),
    #[error("alert {0:?} is not silenced")]
    NotSilenced(String),
    #[error("there is no dead letter {0:?}; the list of alerts shows all of them")]
    NoLetter(String),
    /// The channel of the dead letter is no longer in the settings.
    #[error(
        "the channel {0:?} is no longer in the settings; name it there, and start the server again"
    )]
    NoChannel(String),
    /// The request was carried out, but could not be persisted.
    #[error(
        "it is done, but cannot be stored while the store cannot write: a restart undoes it; repeat it then"
    )]
    NotKept,
    /// The alert manager has stopped.
    #[error("the server is stopping; repeat it once it is back")]
    Closed,
}

/// Result of a request.
pub(super) type Done = Result<(), AskError>;

/// Sender for the result of a request.
pub(super) type Reply = oneshot::Sender<Done>;

/// A request to the alert manager.
#[derive(Debug)]
pub(super) enum Ask {
    Silence {
        alert: String,
        time: Duration,
        comment: String,
        reply: Reply,
    },
    /// Silence all alerts with certain labels.
    SilenceLabels {
        matchers: Vec<Matcher>,
        time: Duration,
        comment: String,
        reply: Reply,
    },
    /// End the silences of an alert.
    Unsilence { alert: String, reply: Reply },
    /// Send a dead letter again.
    Resend { letter: String, reply: Reply },
}

/// Creates a handle and the receiver of its requests.
pub(super) fn new() -> (Handle, mpsc::Receiver<Ask>) {
    let (asks, asked) = mpsc::channel(MOST_ASKS);
    let handle = Handle {
        inbox: Arc::default(),
        view: Arc::default(),
        asks,
    };
    (handle, asked)
}

impl Handle {
    /// A handle without an alert manager, for tests of modules that report conditions.
    pub fn detached() -> Handle {
        new().0
    }

    /// Conditions that were reported and not yet processed, by rule and subject; for tests of modules that report conditions.
    pub fn told(&self) -> Vec<Condition> {
        self.inbox.lock().conditions.values().cloned().collect()
    }

    /// Reports whether something holds now. Never blocks; of several reports about one subject the last one counts.
    pub fn report(&self, condition: Condition) {
        self.conditions([condition]);
    }

    /// Reports several conditions, which are processed together.
    pub fn conditions(&self, conditions: impl IntoIterator<Item = Condition>) {
        self.inbox.lock().add(conditions);
        self.inbox.bell.notify_one();
    }

    /// Reports all conditions of a rule: subjects that were reported before and are not listed here no longer hold.
    pub fn replace(&self, rule: Rule, conditions: impl IntoIterator<Item = Condition>) {
        let mut told = self.inbox.lock();
        told.conditions.retain(|(of, _), _| *of != rule);
        told.add(conditions);
        if !told.whole.contains(&rule) {
            told.whole.push(rule);
        }
        drop(told);
        self.inbox.bell.notify_one();
    }

    /// Current alerts, silences and outbox.
    pub fn view(&self) -> Arc<View> {
        self.view.load_full()
    }

    /// Silences one alert for `time`: no notification about it is sent.
    pub async fn silence(
        &self,
        alert: String,
        time: Duration,
        comment: String,
    ) -> Result<(), AskError> {
        self.ask(|reply| Ask::Silence {
            alert,
            time,
            comment,
            reply,
        })
        .await
    }

    /// Silences every alert that has these labels for `time`.
    pub async fn silence_labels(
        &self,
        matchers: Vec<Matcher>,
        time: Duration,
        comment: String,
    ) -> Result<(), AskError> {
        self.ask(|reply| Ask::SilenceLabels {
            matchers,
            time,
            comment,
            reply,
        })
        .await
    }

    /// Ends the silences that name an alert.
    pub async fn unsilence(&self, alert: String) -> Result<(), AskError> {
        self.ask(|reply| Ask::Unsilence { alert, reply }).await
    }

    /// Sends a dead letter again; also resumes its channel if that was paused.
    pub async fn resend(&self, letter: String) -> Result<(), AskError> {
        self.ask(|reply| Ask::Resend { letter, reply }).await
    }

    async fn ask(&self, ask: impl FnOnce(Reply) -> Ask) -> Done {
        let (reply, answer) = oneshot::channel();
        let sent = self.asks.send(ask(reply)).await;
        sent.map_err(|_| AskError::Closed)?;
        answer.await.map_err(|_| AskError::Closed)?
    }
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Told> {
        // Entries are added whole under the lock, so a thread that panicked while it held the lock left consistent data.
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes and returns the reported conditions.
    pub(super) fn take(&self) -> Told {
        std::mem::take(&mut *self.lock())
    }
}

impl Told {
    fn add(&mut self, conditions: impl IntoIterator<Item = Condition>) {
        for condition in conditions {
            let condition = condition.bounded();
            let key = (condition.rule, condition.subject.clone());
            let full = self.conditions.len() >= MOST_WAITING;
            if full && !self.conditions.contains_key(&key) {
                self.dropped += 1;
                continue;
            }
            self.conditions.insert(key, condition);
        }
    }
}
