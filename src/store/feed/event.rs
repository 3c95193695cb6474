//! An event of the feed: what happened, on which topic, where in the sequence.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::clock;
use crate::schema::Warning;
use crate::schema::column::Label;
use crate::store::event::{Batch, StoredRow};
use crate::telemetry::metrics::{ClosedLabel, Topic, Transport};

/// Every topic, in the order of the table of metrics' labels.
pub const TOPICS: [Topic; 5] = [
    Topic::Predictions,
    Topic::Models,
    Topic::Monitor,
    Topic::Alerts,
    Topic::Jobs,
];

/// A topic's name on the wire.
pub fn name(topic: Topic) -> &'static str {
    Topic::VALUES[topic.index()]
}

/// The topic of a name.
pub fn named(text: &str) -> Option<Topic> {
    TOPICS.into_iter().find(|topic| name(*topic) == text)
}

/// A set of topics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Topics(u8);

impl Topics {
    /// All there are.
    pub fn all() -> Topics {
        TOPICS.into_iter().collect()
    }

    /// Whether `topic` is one of them.
    pub fn has(self, topic: Topic) -> bool {
        self.0 & (1 << topic.index()) != 0
    }

    /// These and those.
    pub fn with(self, other: Topics) -> Topics {
        Topics(self.0 | other.0)
    }

    /// These without those.
    pub fn without(self, other: Topics) -> Topics {
        Topics(self.0 & !other.0)
    }

    /// One after the other.
    pub fn each(self) -> impl Iterator<Item = Topic> {
        TOPICS.into_iter().filter(move |topic| self.has(*topic))
    }

    /// Their names.
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

/// What a prediction is called: an id of ours, or the caller's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum PredictionId {
    /// A UUID of version 7.
    Fresh(Uuid),
    /// As the caller named it.
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

/// A prediction that was answered, as compact as it can be: it is made on the answer's path.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// Its id.
    pub id: PredictionId,
    /// The label, as the table writes it.
    pub label: Label,
    /// Probability of the positive value.
    pub probability: f64,
    /// The model that made it.
    #[serde(serialize_with = "text")]
    pub model: Arc<str>,
    /// Warnings given with it.
    pub warnings: Vec<Warning>,
    /// Where it stands in a large request, which the monitor judges as a whole; none in any other.
    #[serde(skip)]
    pub batch: Option<Batch>,
    /// How its row reached the server; stored, and not published to subscribers.
    #[serde(skip)]
    pub transport: Transport,
    /// When it was made.
    #[serde(skip)]
    pub time: Timestamp,
    /// The row. It is stored, and not published to subscribers.
    #[serde(skip)]
    pub row: StoredRow<'static>,
    /// The key of the row's own id, where it has one; stored, and not published either.
    #[serde(skip)]
    pub own_id: Option<Box<str>>,
}

fn text<S: Serializer>(text: &Arc<str>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(text)
}

/// What happened.
#[derive(Debug)]
pub(super) enum Fact {
    /// A prediction, not yet written out.
    Prediction(Arc<Prediction>),
    /// Anything else, as JSON.
    Told(Box<str>),
}

/// An event: a place in the one sequence of all topics, and what happened.
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

    /// Its topic.
    pub fn topic(&self) -> Topic {
        self.topic
    }

    /// Its place in the sequence.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The message subscribers get. Written once, by the first who wants it: nobody may.
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
