//! The types of messages and the topics, each with the route that does the same: it requires the scope of that route.

use crate::serve::guard::Access;
use crate::serve::routes;
use crate::store::feed::Topic;

/// A type of message that clients send.
#[derive(Clone, Copy, Debug)]
pub struct Type {
    /// As `type` has it.
    pub name: &'static str,
    /// The keys it may have beside `type` and `ref`.
    pub keys: &'static [&'static str],
    /// Method and pattern of the route that does the same.
    pub route: (&'static str, &'static str),
}

/// What any connection may do; each topic requires a scope of its own, see [`access_of`].
const CONNECTION: (&str, &str) = ("GET", "/ws");

/// Every type.
pub const TYPES: &[Type] = &[
    Type {
        name: "predict",
        keys: &["row", "explain", "store"],
        route: ("POST", "/v1/predict"),
    },
    Type {
        name: "label",
        keys: &["id", "key", "label", "correct"],
        route: ("POST", "/v1/labels"),
    },
    Type {
        name: "subscribe",
        keys: &["topics", "since", "epoch"],
        route: CONNECTION,
    },
    Type {
        name: "unsubscribe",
        keys: &["topics"],
        route: CONNECTION,
    },
];

/// The access that a message of a type requires; an unknown type gets past this check and is rejected as unknown.
pub fn access(name: &str) -> Access {
    let found = TYPES.iter().find(|kind| kind.name == name);
    of_route(found.map_or(CONNECTION, |kind| kind.route))
}

/// The access that a subscription to a topic requires.
pub fn access_of(topic: Topic) -> Access {
    of_route(match topic {
        Topic::Predictions => ("GET", "/v1/events"),
        Topic::Models => ("GET", "/v1/models"),
        Topic::Monitor => ("GET", "/v1/monitor"),
        Topic::Alerts => ("GET", "/v1/alerts"),
        Topic::Jobs => ("GET", "/v1/jobs"),
    })
}

/// A route that is missing lets nobody through but those who may do everything.
fn of_route((method, pattern): (&str, &str)) -> Access {
    let admin = Access::Scope(crate::serve::options::Scope::Admin);
    routes::access(method, pattern).unwrap_or(admin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_names_a_route() {
        for kind in TYPES {
            let (method, pattern) = kind.route;
            assert!(routes::access(method, pattern).is_some(), "{kind:?}");
        }
    }
}
