//! Alerts, silences and the outbox as they are shown.

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

/// Everything that is shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Alerts")]
pub struct View {
    /// The alerts by rule and subject.
    pub alerts: Vec<Shown>,
    pub silences: Vec<Silence>,
    pub channels: Vec<ChannelView>,
    /// What is to be sent, and what could not be.
    pub outbox: OutboxView,
}

/// An alert as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Alert")]
pub struct Shown {
    pub id: String,
    pub rule: Rule,
    pub subject: String,
    /// `pending`, `firing`, `resolved` or `silenced`.
    #[schemars(extend("enum" = ["pending", "firing", "resolved", "silenced"]))]
    pub state: Cow<'static, str>,
    /// Since when it is in that state; for one that fires, when it began to.
    #[serde(with = "timestamp")]
    #[schemars(with = "String")]
    pub since: Timestamp,
    pub labels: BTreeMap<String, String>,
    /// What is said of it.
    pub annotations: BTreeMap<Cow<'static, str>, String>,
    /// What receivers know it by.
    pub fingerprint: String,
}

/// A channel as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "AlertChannel")]
pub struct ChannelView {
    pub name: String,
    #[serde(rename = "type")]
    #[schemars(with = "ChannelKind")]
    pub kind: Cow<'static, str>,
    /// Why nothing is sent through it; none where something is.
    pub paused: Option<String>,
}

/// The outbox as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Outbox")]
pub struct OutboxView {
    /// Notifications that wait to be sent.
    pub waiting: usize,
    /// Notifications that were given up.
    pub dead: usize,
    pub dead_letters: Vec<Letter>,
}

/// A notification of the outbox as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DeadLetter")]
pub struct Letter {
    /// Its id, also that of its webhook or e-mail.
    pub id: String,
    pub channel: String,
    pub rule: Rule,
    /// When it was written.
    #[serde(with = "timestamp")]
    #[schemars(with = "String")]
    pub created: Timestamp,
    /// How often it was sent.
    pub attempts: u32,
    /// What came of it the last time.
    pub error: String,
}

/// The alerts of a state, by rule and subject.
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
