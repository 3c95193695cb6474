//! An event of the feed: its topic, its sequence number and its contents.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::clock;
use crate::schema::Warning;
use crate::schema::column::Label;
use crate::store::event::{Batch, StoredRow};
use crate::telemetry::metrics::{ClosedLabel, Topic, Transport};

/// Every topic, in the order of the values of the metrics' label.
pub const TOPICS: [Topic; 5] = [
    Topic::Predictions,
    Topic::Models,
    Topic::Monitor,
    Topic::Alerts,
    Topic::Jobs,
];

pub fn name(topic: Topic) -> &'static str {
    Topic::VALUES[topic.index()]
}

/// The topic with this name, if there is one.
pub fn named(text: &str) -> Option<Topic> {
    TOPICS.into_iter().find(|topic| name(*topic) == text)
}

/// A set of topics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Topics(u8);

impl Topics {
    pub fn all() -> Topics {
        TOPICS.into_iter().collect()
    }

    /// Whether `topic` is one of them.
    pub fn has(self, topic: Topic) -> bool {
        self.0 & (1 << topic.index()) != 0
    }

    /// The union of both sets.
    pub fn with(self, other: Topics) -> Topics {
        Topics(self.0 | other.0)
    }

    /// The topics of this set that are not in `other`.
    pub fn without(self, other: Topics) -> Topics {
        Topics(self.0 & !other.0)
    }

    pub fn each(self) -> impl Iterator<Item = Topic> {
        TOPICS.into_iter().filter(move |topic| self.has(*topic))
    }

    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.each().map(name)
    }
}

impl FromIterator<Topic> for Topics {
    fn from_iter<I: IntoIterator<Item = Topic>>(topics: I) -> Topics {
        Topics(
            topics
                .into_iter()
                .fold(0, |set, topic| set | 1 << topic.index()),
        )
    }
}

/// The id of a prediction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PredictionId {
    /// A UUID of version 7 that the platform made.
    Fresh(Uuid),
    /// An id that the client chose.
    Named(#[serde(serialize_with = "text")] Arc<str>),
}

impl std::fmt::Display for PredictionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            PredictionId::Fresh(id) => id.as_hyphenated().fmt(f),
            PredictionId::Named(name) => f.write_str(name),
        }
    }
}

/// A prediction that a client received. It is made on the path of the response, and therefore compact.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prediction {
    pub id: PredictionId,
    /// The predicted label, in the target column's own values.
    pub label: Label,
    /// Probability of the positive value.
    pub probability: f64,
    #[serde(serialize_with = "text")]
    pub model: Arc<str>,
    pub warnings: Vec<Warning>,
    /// Position in a large request, whose rows the monitor judges together; none for other requests.
    #[serde(skip)]
    pub batch: Option<Batch>,
    /// The transport by which the row reached the server; stored, but not published to subscribers.
    #[serde(skip)]
    pub transport: Transport,
    #[serde(skip)]
    pub time: Timestamp,
    /// The row; stored, but not published to subscribers.
    #[serde(skip)]
    pub row: StoredRow<'static>,
    /// The row's own id, where it has one; stored, but not published to subscribers.
    #[serde(skip)]
    pub own_id: Option<Box<str>>,
}

fn text<S: Serializer>(text: &Arc<str>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(text)
}

/// The contents of an event.
#[derive(Debug)]
pub(super) enum Fact {
    /// A prediction, which is serialized only if a subscriber reads it.
    Prediction(Arc<Prediction>),
    /// Any other event, as JSON.
    Told(Box<str>),
}

/// An event of the feed, with a sequence number that counts over all topics.
#[derive(Debug)]
pub struct Event {
    topic: Topic,
    seq: u64,
    time: Timestamp,
    fact: Fact,
    message: OnceLock<Arc<str>>,
}

impl Event {
    pub(super) fn new(topic: Topic, seq: u64, time: Timestamp, fact: Fact) -> Event {
        let message = OnceLock::new();
        Event {
            topic,
            seq,
            time,
            fact,
            message,
        }
    }

    pub fn topic(&self) -> Topic {
        self.topic
    }

    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The message for subscribers. The first subscriber that needs it serializes it; without subscribers that never happens.
    pub fn message(&self) -> &Arc<str> {
        self.message.get_or_init(|| {
            let data = match &self.fact {
                Fact::Prediction(prediction) => {
                    &serde_json::to_string(&**prediction).expect("its keys are text")
                }
                Fact::Told(json) => &**json,
            };
            let (topic, seq, time) = (name(self.topic), self.seq, clock::rfc3339(self.time));
            format!(
                r#"{{"type":"event","topic":"{topic}","seq":{seq},"time":"{time}","data":{data}}}"#
            )
            .into()
        })
    }
}
