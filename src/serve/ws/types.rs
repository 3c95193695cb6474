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
    /// Whether the message needs no store, so that a predict-only server takes it.
    pub is_stateless: bool,
}

/// Every type. Any connection may subscribe; each topic requires a scope of its own, see [`access_of`].
pub const TYPES: &[Type] = &[
    Type {
        name: "predict",
        keys: &["row", "explain", "store"],
        access: predict::ACCESS,
        is_stateless: true,
    },
    Type {
        name: "label",
        keys: &["id", "key", "label", "correct"],
        access: labels::ACCESS,
        is_stateless: false,
    },
    Type {
        name: "subscribe",
        keys: &["topics", "since", "epoch"],
        access: Access::Token,
        is_stateless: true,
    },
    Type {
        name: "unsubscribe",
        keys: &["topics"],
        access: Access::Token,
        is_stateless: true,
    },
];

/// The access that a message of a type requires; an unknown type gets past this check and is rejected as unknown.
pub fn access(name: &str) -> Access {
    let found = TYPES.iter().find(|kind| kind.name == name);
    found.map_or(Access::Token, |kind| kind.access)
}

/// Whether a predict-only server takes messages of a type; an unknown type is rejected as unknown.
pub fn is_stateless(name: &str) -> bool {
    let found = TYPES.iter().find(|kind| kind.name == name);
    found.is_none_or(|kind| kind.is_stateless)
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
