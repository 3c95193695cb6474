//! Messages of the server, read into the structs that it writes them from.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::serve::problem::Document;
use crate::serve::views::Prediction;

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Message {
    /// The prediction of a row.
    Prediction {
        /// The line of the row.
        #[serde(rename = "ref")]
        reference: u64,
        #[serde(flatten)]
        prediction: Prediction,
    },
    /// A message that the server rejected.
    Error {
        /// The line of the row, the name of another message, or null where the server could not read it.
        #[serde(rename = "ref")]
        reference: Value,
        /// What is wrong with it.
        problem: Document<'static>,
    },
    Event(Event),
    /// The response to a subscription.
    Subscribed,
    /// The response to its end.
    Unsubscribed,
    /// A type that this client does not know.
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub struct Event {
    pub topic: String,
    pub time: String,
    /// What, by the topic.
    pub data: Value,
}

impl Event {
    /// What happened; none where it is of another kind.
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        T::deserialize(&self.data).ok()
    }
}

/// A change of the live model.
#[derive(Debug, Deserialize)]
pub struct Change {
    /// What was done, as a code.
    pub action: String,
    /// The live model now.
    pub model: String,
    /// The live model before.
    pub previous: Option<String>,
}
