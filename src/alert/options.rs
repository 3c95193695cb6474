//! Options of alerting, overall and for each rule.

use std::collections::BTreeMap;
use std::time::Duration;

use super::condition::Rule;
use crate::backoff::Backoff;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How long a change waits for others of the same rule, so that one notification covers them.
    pub group_wait: Duration,
    /// When a failed delivery is retried.
    pub retry: Retry,
    /// Options by rule. A rule that is missing is disabled.
    pub rules: BTreeMap<Rule, RuleOptions>,
    /// Names of the channels, sorted.
    pub channels: Vec<String>,
}

/// Retry schedule of failed deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Wait after the first failure, before jitter; it doubles with every further failure.
    pub first: Duration,
    pub max: Duration,
    /// Age after which a notification is given up and becomes a dead letter.
    pub give_up: Duration,
}

impl Retry {
    /// The backoff of this schedule; jitter shortens a wait by up to half.
    pub fn backoff(&self) -> Backoff {
        Backoff {
            first: self.first,
            longest: self.max,
            least: 0.5,
        }
    }
}

/// Options of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleOptions {
    /// How long the condition holds before the alert fires.
    pub wait: Duration,
    /// How long the condition must be over before the alert is resolved.
    pub keep_firing_for: Duration,
    /// Interval between two notifications of an alert that keeps firing.
    pub repeat: Duration,
    /// Names of the channels; empty means all.
    pub channels: Vec<String>,
    /// While an alert of one of these rules fires, alerts of this rule are not notified.
    pub inhibited_by: Vec<Rule>,
}

impl RuleOptions {
    /// Whether alerts of this rule are notified through `channel`.
    pub fn goes_to(&self, channel: &str) -> bool {
        self.channels.is_empty() || self.channels.iter().any(|name| name == channel)
    }
}
