//! Where the rest of the program tells of conditions, looks at alerts, and asks something of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{Notify, mpsc, oneshot};

use super::condition::{Condition, Rule};
use super::silence::Matcher;
use super::view::View;

/// Subjects that may be told of between two looks of the desk; more are dropped, and counted.
const MOST_WAITING: usize = 4096;

/// Requests that may wait.
const MOST_ASKS: usize = 64;

/// What is told and asked. Clones share it.
#[derive(Clone, Debug)]
pub struct Handle {
    pub(super) inbox: Arc<Inbox>,
    pub(super) view: Arc<ArcSwap<View>>,
    pub(super) asks: mpsc::Sender<Ask>,
}

/// Conditions on their way to the desk.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    told: Mutex<Told>,
    pub(super) bell: Notify,
}

/// What was told since the desk last looked: of each subject the last word.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) conditions: BTreeMap<(Rule, String), Condition>,
    /// Rules of which everything was told: subjects that are not named hold no more.
    pub(super) whole: Vec<Rule>,
    pub(super) dropped: u64,
}

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskFault {
    /// There is no such alert.
    #[error("there is no alert {0:?}; the list of alerts shows those there are")]
    NoAlert(String),
    /// There is no such silence.
    #[error("alert {0:?} is not silenced")]
    NotSilenced(String),
    /// There is no such dead letter.
    #[error("there is no dead letter {0:?}; the list of alerts shows those there are")]
    NoLetter(String),
    /// Its channel is gone.
    #[error(
        "the channel {0:?} is in the settings no more; name it there, and start the server again"
    )]
    NoChannel(String),
    /// It is done, and cannot be kept.
    #[error(
        "it is done, and cannot be kept while the store fails: after a restart it is not; ask again then"
    )]
    NotKept,
    /// Nobody is there to do it.
    #[error("the server stops; ask again once it is back")]
    Closed,
}

/// What came of it.
pub(super) type Done = Result<(), AskFault>;

/// Where that is told.
pub(super) type Reply = oneshot::Sender<Done>;

/// Something asked of the desk.
#[derive(Debug)]
pub(super) enum Ask {
    Silence {
        alert: String,
        time: Duration,
        comment: String,
        reply: Reply,
    },
    /// Silence whatever has certain labels.
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

/// A handle, and what the desk behind it hears.
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
    /// A handle with nobody behind it, for tests of those who tell.
    pub fn detached() -> Handle {
        new().0
    }

    /// What was told and nobody has taken yet, in the order of rules and subjects; for tests of those who tell.
    pub fn told(&self) -> Vec<Condition> {
        self.inbox.lock().conditions.values().cloned().collect()
    }

    /// Tells whether something holds now. Never waits; of what is told twice before the desk looks, the last word counts.
    pub fn report(&self, condition: Condition) {
        self.conditions([condition]);
    }

    /// Tells of several, which are looked at together.
    pub fn conditions(&self, conditions: impl IntoIterator<Item = Condition>) {
        self.inbox.lock().add(conditions);
        self.inbox.bell.notify_one();
    }

    /// Tells all there is of a rule: what it was told to hold of before, and is not named here, holds no more.
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

    /// Alerts, silences and the outbox as they stand.
    pub fn view(&self) -> Arc<View> {
        self.view.load_full()
    }

    /// Nobody is told of an alert for so long.
    pub async fn silence(
        &self,
        alert: String,
        time: Duration,
        comment: String,
    ) -> Result<(), AskFault> {
        self.ask(|reply| Ask::Silence {
            alert,
            time,
            comment,
            reply,
        })
        .await
    }

    /// Silences every alert that has these labels for `time`: no notification is sent.
    pub async fn silence_labels(
        &self,
        matchers: Vec<Matcher>,
        time: Duration,
        comment: String,
    ) -> Result<(), AskFault> {
        self.ask(|reply| Ask::SilenceLabels {
            matchers,
            time,
            comment,
            reply,
        })
        .await
    }

    /// Ends the silences that name an alert.
    pub async fn unsilence(&self, alert: String) -> Result<(), AskFault> {
        self.ask(|reply| Ask::Unsilence { alert, reply }).await
    }

    /// Sends a dead letter again; a channel that was paused is tried again with it.
    pub async fn resend(&self, letter: String) -> Result<(), AskFault> {
        self.ask(|reply| Ask::Resend { letter, reply }).await
    }

    async fn ask(&self, ask: impl FnOnce(Reply) -> Ask) -> Done {
        let (reply, answer) = oneshot::channel();
        let sent = self.asks.send(ask(reply)).await;
        sent.map_err(|_| AskFault::Closed)?;
        answer.await.map_err(|_| AskFault::Closed)?
    }
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Told> {
        // Whole entries are put in under it: a holder that panicked leaves a good one behind.
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes out what was told.
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
