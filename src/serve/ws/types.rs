//! The message types and topics with the access they require, which is that of the equivalent REST route.

use crate::serve::guard::Access;
use crate::serve::{alerts, events, jobs, labels, models, monitor, predict};
use crate::store::feed::Topic;

/// A type of message that clients send.
#[derive(Clone, Copy, Debug)]
pub struct Type {
    /// The value of the message's `type` key.
    pub name: &'static str,
    /// The keys that the message may have in addition to `type` and `ref`.
    pub keys: &'static [&'static str],
    /// The access that the message requires.
    pub access: Access,
}

/// Every type. Any connection may subscribe; each topic requires a scope of its own, see [`access_of`].
pub const TYPES: &[Type] = &[
    Type {
        name: "predict",
        keys: &["row", "explain", "store"],
        access: predict::ACCESS,
    },
    Type {
        name: "label",
        keys: &["id", "key", "label", "correct"],
        access: labels::ACCESS,
    },
    Type {
        name: "subscribe",
        keys: &["topics", "since", "epoch"],
        access: Access::Token,
    },
    Type {
        name: "unsubscribe",
        keys: &["topics"],
        access: Access::Token,
    },
];

/// The access that a message of a type requires; an unknown type gets past this check and is rejected as unknown.
pub fn access(name: &str) -> Access {
    let found = TYPES.iter().find(|kind| kind.name == name);
    found.map_or(Access::Token, |kind| kind.access)
}

/// The access that a subscription to a topic requires.
pub fn access_of(topic: Topic) -> Access {
    match topic {
        Topic::Predictions => events::ACCESS,
        Topic::Models => models::ACCESS,
        Topic::Monitor => monitor::ACCESS,
        Topic::Alerts => alerts::ACCESS,
        Topic::Jobs => jobs::ACCESS,
    }
}
