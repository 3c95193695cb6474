//! Alerts, silences and the outbox as displayed to users.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::condition::Rule;
use super::silence::Silence;
use super::state::State;
use crate::clock::timestamp;
use crate::telemetry::metrics::ChannelKind;

/// Everything that is displayed about alerts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Alerts")]
pub struct View {
    /// The alerts, sorted by rule and subject.
    pub alerts: Vec<Shown>,
    pub silences: Vec<Silence>,
    pub channels: Vec<ChannelView>,
    /// Waiting notifications and dead letters.
    pub outbox: OutboxView,
}

/// An alert as displayed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Alert")]
pub struct Shown {
    pub id: String,
    pub rule: Rule,
    pub subject: String,
    /// `pending`, `firing`, `resolved` or `silenced`.
    #[schemars(extend("enum" = ["pending", "firing", "resolved", "silenced"]))]
    pub state: Cow<'static, str>,
    /// When this state began; for a firing alert, when it started to fire.
    #[serde(with = "timestamp")]
    #[schemars(with = "String")]
    pub since: Timestamp,
    pub labels: BTreeMap<String, String>,
    /// Summary, description and value.
    pub annotations: BTreeMap<Cow<'static, str>, String>,
    /// Identity of the alert for receivers.
    pub fingerprint: String,
}

/// A channel as displayed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AlertChannel")]
pub struct ChannelView {
    pub name: String,
    #[serde(rename = "type")]
    #[schemars(with = "ChannelKind")]
    pub kind: Cow<'static, str>,
    /// Why the channel is paused; null while it is not.
    pub paused: Option<String>,
}

/// The outbox as displayed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Outbox")]
pub struct OutboxView {
    /// Number of notifications that wait for delivery.
    pub waiting: usize,
    /// Number of notifications that were given up.
    pub dead: usize,
    pub dead_letters: Vec<Letter>,
}

/// A notification of the outbox as displayed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DeadLetter")]
pub struct Letter {
    /// Id of the notification, also used in its webhook or e-mail.
    pub id: String,
    pub channel: String,
    pub rule: Rule,
    /// When the notification was created.
    #[serde(with = "timestamp")]
    #[schemars(with = "String")]
    pub created: Timestamp,
    /// Number of delivery attempts.
    pub attempts: u32,
    /// Error of the last attempt.
    pub error: String,
}

/// The alerts of a state, sorted by rule and subject.
pub fn alerts(state: &State) -> Vec<Shown> {
    let shown = state.alerts.iter().map(|(print, alert)| Shown {
        id: alert.id.clone(),
        rule: alert.rule,
        subject: alert.subject.clone(),
        state: alert.word().into(),
        since: alert.since,
        labels: alert.all_labels(),
        annotations: alert
            .annotations()
            .into_iter()
            .map(|(name, text)| (name.into(), text))
            .collect(),
        fingerprint: print.clone(),
    });
    let mut shown: Vec<_> = shown.collect();
    shown.sort_by(|one, other| (one.rule, &one.subject).cmp(&(other.rule, &other.subject)));
    shown
}
