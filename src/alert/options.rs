//! How alerts behave, rule by rule.

use std::collections::BTreeMap;
use std::time::Duration;

use super::condition::Rule;
use crate::backoff::Backoff;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long a change waits for others of its rule, so that they are told together.
    pub group_wait: Duration,
    /// When a notification that was not taken is sent again.
    pub retry: Retry,
    /// The rules. One that is missing is off.
    pub rules: BTreeMap<Rule, RuleOptions>,
    /// The channels by name, in the order of their names.
    pub channels: Vec<String>,
}

/// When a notification that was not taken is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// After the first failure, before chance shortens it; it doubles with every further one.
    pub first: Duration,
    pub max: Duration,
    /// Age after which it is given up: a dead letter.
    pub give_up: Duration,
}

impl Retry {
    /// Chance takes away up to half of a wait.
    pub fn backoff(&self) -> Backoff {
        Backoff {
            first: self.first,
            longest: self.max,
            least: 0.5,
        }
    }
}

/// How alerts of a rule behave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleOptions {
    /// How long the condition holds before the alert fires.
    pub wait: Duration,
    /// How long it is over before the alert is resolved.
    pub keep: Duration,
    /// Between two notifications of an alert that goes on.
    pub repeat: Duration,
    /// Channels by name; empty: all.
    pub channels: Vec<String>,
    /// While an alert of one of these rules fires, nobody is told of this one.
    pub inhibited_by: Vec<Rule>,
}

impl RuleOptions {
    /// Whether it is told through a channel.
    pub fn goes_to(&self, channel: &str) -> bool {
        self.channels.is_empty() || self.channels.iter().any(|name| name == channel)
    }
}
